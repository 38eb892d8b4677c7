import { sqlState, toSourceError } from '../../backends/postgres/index.ts';
import { isRetryable, replyCode, toTargetError } from '../../backends/redis/index.ts';
import { toSqsError } from '../../backends/sqs/index.ts';
import { isQctlError } from '../../errors.ts';
import { dataLost } from '../../sinks/index.ts';
import { LaneLost } from '../../sources/redis-stream/index.ts';
import type { BackRequest } from './request.ts';

/** A driver's own error, raised anywhere on the way back, as one that may be shown; a bug stays what it is. */
export function backError(
  error: unknown,
  request: BackRequest,
  labels: { redis: string; destination: string },
): unknown {
  if (error instanceof LaneLost)
    return dataLost(labels.redis, error.message, { stream: error.stream, group: request.source.group });
  if (isQctlError(error) || !(error instanceof Error)) return error;
  if (sqlState(error)) return toSourceError(error, labels.destination, 'give messages back to the table');
  if ('$metadata' in error) return toSqsError(error, labels.destination, 'give messages back to the queue');
  if (error.name === 'ReplyError' || replyCode(error) !== '' || isRetryable(error))
    return toTargetError(error, labels.redis, `take entries of ${request.source.stream}`);
  return error;
}
