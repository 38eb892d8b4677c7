import { QctlError } from '../errors.ts';

/** A variable whose value cannot be meant. The value is shown only where it is no secret. */
export function variableError(name: string, problem: string): QctlError {
  return new QctlError('config', `${name}: ${problem}`, {
    code: 'ENVIRONMENT_INVALID',
    hint: ["run 'qctl help environment' for the variables that are read"],
    details: { variable: name },
  });
}

/** A variable that holds a whole number. */
export function wholeNumberOf(name: string, value: string): number {
  if (!/^\d+$/.test(value))
    throw variableError(name, `expected a whole number, got ${JSON.stringify(value)}`);
  return Number(value);
}

/** A variable that is true or false, in the spellings in use. */
export function booleanOf(name: string, value: string): boolean {
  if (/^(1|true|yes|on)$/i.test(value)) return true;
  if (/^(0|false|no|off)$/i.test(value)) return false;
  throw variableError(name, `expected true or false, got ${JSON.stringify(value)}`);
}
