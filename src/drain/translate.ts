import { sqlState, toSourceError } from '../backends/postgres/index.ts';
import { isRetryable, replyCode, toTargetError } from '../backends/redis/index.ts';
import { toSqsError } from '../backends/sqs/index.ts';
import { isQctlError } from '../errors.ts';
import { claimUndone, readyAgain } from '../sources/postgres/index.ts';
import type { DrainRequest } from './request.ts';

/** Labels of both ends, for errors that name them. */
interface Labels {
  source: string;
  target: string;
}

/**
 * A driver's own error, raised anywhere in a drain, as one that may be shown; what is none of a
 * driver's stays as it is: a bug must look like one.
 */
export function translated(error: unknown, request: DrainRequest, labels: Labels): unknown {
  if (isQctlError(error) || !(error instanceof Error)) return error;
  if (request.source.kind === 'postgres') {
    const undone = readyAgain(error, request.source.spec) ?? claimUndone(error, request.source.spec);
    if (undone) return undone;
  }
  if (sqlState(error)) return toSourceError(error, labels.source, 'drain the table');
  if ('$metadata' in error) return toSqsError(error, labels.source, 'drain the queue');
  if (error.name === 'ReplyError' || replyCode(error) !== '' || isRetryable(error))
    return toTargetError(error, labels.target, `drain into ${request.target.stream}`);
  return error;
}
