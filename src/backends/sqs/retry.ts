import { isQctlError } from '../../errors.ts';
import { explainNetwork, networkCode } from '../network.ts';

/** What the SDK hangs on the errors of a service. */
export interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string };
  $retryable?: { throttling?: boolean };
}

const THROTTLE =
  /(^|[.])(OverLimit|Throttling\w*|RequestThrottled\w*|KmsThrottled|TooManyRequests\w*|SlowDown)$/;

/** Name of a service error without its namespace: `QueueDoesNotExist`. */
export function nameOf(error: Error): string {
  return error.name.replace(/^.*[.#]/, '');
}

function statusOf(error: Error): number | undefined {
  return (error as ServiceError).$metadata?.httpStatusCode;
}

/** True where SQS or KMS asks to slow down. */
export function isThrottle(error: unknown): boolean {
  if (isQctlError(error)) return isThrottle(error.cause);
  if (!(error instanceof Error)) return false;
  const slow = (error as ServiceError).$retryable?.throttling === true || THROTTLE.test(error.name);
  return slow || [429, 503].includes(statusOf(error) ?? 0);
}

/** True where the queue is not there: deleted, or never made. */
export function isGone(error: unknown): boolean {
  if (isQctlError(error)) return isGone(error.cause) || error.code === 'SQS_NO_QUEUE';
  return error instanceof Error && /^(QueueDoesNotExist|NonExistentQueue)$/.test(nameOf(error));
}

/** A short reason where waiting and repeating makes sense, else undefined. */
export function isRetryableSqs(error: unknown): string | undefined {
  if (isQctlError(error)) return error.kind === 'source' ? isRetryableSqs(error.cause) : undefined;
  if (!(error instanceof Error)) return undefined;
  if (isThrottle(error)) return `SQS asks to slow down (${nameOf(error)})`;
  const status = statusOf(error);
  if (status !== undefined && status >= 500) return `SQS has a fault of its own (${status})`;
  const network = explainNetwork(error);
  if (network) return network.passing ? `connection lost: ${networkCode(error)}` : undefined;
  if (error.name === 'TimeoutError') return 'connection lost: no answer in time';
  return /socket hang up|^aborted$/.test(error.message) ? 'connection lost' : undefined;
}
