import { isQctlError, QctlError } from '../../errors.ts';
import { plainCause } from '../network.ts';
import { sqlState } from './retry.ts';
import { verdict } from './verdicts.ts';

export { isRetryablePostgres, sqlState } from './retry.ts';

/**
 * Turns any error of PostgreSQL into one that may be shown: what, why, what to do.
 * Details and parameters of a statement, which may hold bodies, stay behind.
 *
 * @param doing what was tried, as a verb phrase: `read table orders`
 */
export function toSourceError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const details = { server: label, sqlState: sqlState(error) ?? null };
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, {
    code,
    hint: [...hint],
    details,
    cause: plainCause(error),
  });
}
