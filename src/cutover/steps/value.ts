import * as z from 'zod';
import { readConfiguredFile } from '../../config/secrets.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import type { Finding } from '../../model/finding.ts';
import type { StepWorld } from '../step.ts';
import { text } from './common.ts';

/** A value, or where it comes from when it is needed: a variable of qctl's own environment, or a file. */
export const valueSource = z.union(
  [z.string(), z.number(), z.boolean(), z.strictObject({ env: text }), z.strictObject({ file: text })],
  { error: 'expected a value, { env: NAME } or { file: PATH }' },
);

/** See {@link valueSource}. */
export type ValueSource = z.output<typeof valueSource>;

/**
 * The value itself; of a file without the line end behind it. It may be secret: it goes nowhere but where
 * the step sends it, and is hidden where somebody repeats it.
 *
 * @param what what it is for, as an error names it: `set.REDIS_URL`
 */
export async function resolveValue(source: ValueSource, world: StepWorld, what: string): Promise<string> {
  if (typeof source !== 'object') return String(source);
  if ('file' in source) {
    const text = (await readConfiguredFile(world.readFrom(source.file), what)).replace(/\r?\n$/, '');
    world.hide(text);
    return text;
  }
  const value = world.host.env[source.env];
  if (value !== undefined) {
    world.hide(value);
    return value;
  }
  throw new QctlError('config', `${what}: there is no variable ${source.env} in the environment`, {
    code: 'VARIABLE_MISSING',
    hint: [`set ${source.env} for qctl`],
    details: { variable: source.env },
  });
}

/** All values of a table, by name. */
export async function resolveValues(
  sources: Readonly<Record<string, ValueSource>>,
  world: StepWorld,
  what: string,
): Promise<Record<string, string>> {
  const resolved: [string, string][] = [];
  for (const [name, source] of Object.entries(sources)) {
    resolved.push([name, await resolveValue(source, world, `${what}.${name}`)]);
  }
  return Object.fromEntries(resolved);
}

/** What the preflight says of an error. */
export function blocker(error: unknown): Finding {
  if (!isQctlError(error)) throw error;
  return { level: 'blocker', code: error.code, text: error.message, remedy: error.hint.join('; ') };
}

/** The findings of a look that may throw. */
export async function findingsOf(look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [blocker(error)];
  }
}
