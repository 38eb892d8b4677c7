import { isQctlError, QctlError } from '../../errors.ts';
import { plainCause } from '../network.ts';
import type { ServiceError } from './retry.ts';
import { verdict } from './verdicts.ts';

export { isGone, isRetryableSqs, isThrottle } from './retry.ts';

/**
 * Turns any error of SQS or its SDK into one that may be shown: what, why, what to do.
 *
 * @param doing what was tried, as a verb phrase: `receive messages`
 */
export function toSqsError(error: unknown, label: string, doing: string): QctlError {
  if (isQctlError(error)) return error;
  const { kind, code, why, hint } = verdict(error);
  const metadata = (error as ServiceError | undefined)?.$metadata;
  const details = { queue: label, requestId: metadata?.requestId ?? null };
  const cause = plainCause(error);
  // Kept, so that a translated error can still be told to be a throttle or a server fault.
  if (metadata?.httpStatusCode)
    Object.assign(cause, { $metadata: { httpStatusCode: metadata.httpStatusCode } });
  return new QctlError(kind, `cannot ${doing} (${label}): ${why}`, { code, hint: [...hint], details, cause });
}
