import { isQctlError, QctlError } from '../../errors.ts';
import { plainCause } from '../network.ts';
import { verdict } from './verdicts.ts';

export { isRetryable, replyCode } from './retry.ts';

/** The reason alone, as a lower-case clause: `nothing listens there (ECONNREFUSED)`. */
export function explainReply(error: unknown): string {
  return verdict(error).why;
}

/**
 * Turns any error of Redis into one that may be shown: what, why, what to do.
 *
 * @param doing what was tried, as a verb phrase: `append to stream orders`
 */
export function toTargetError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const cause = plainCause(error);
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, {
    code,
    hint: [...hint],
    details: { server: label },
    cause,
  });
}
