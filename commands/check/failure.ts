import type { Item } from '../../src/checks/index.ts';
import { isQctlError, QctlError } from '../../src/errors.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { Interrupted } from '../../src/model/patience.ts';
import type { Context } from '../context.ts';
import type { Metric } from './metrics.ts';

/** The kinds of error that say something of what is checked; the others are about the command line and its files. */
const MEASURING = new Set(['target', 'source', 'auth', 'failed']);

/**
 * What kept a check from measuring, as an error that may be a finding. Throws the error itself where it is
 * none: a signal, a bug, a wrong flag.
 *
 * @param limitMs after which the whole check was ended
 */
export function toFailure({ signal }: Pick<Context, 'signal'>, error: unknown, limitMs?: number): QctlError {
  const failure = signal.aborted ? undefined : asFailure(error, limitMs);
  if (!failure || !MEASURING.has(failure.kind)) throw error;
  return failure;
}

function asFailure(error: unknown, limitMs: number | undefined): QctlError | undefined {
  if (isQctlError(error)) return error;
  const late = limitMs !== undefined && (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
  if (!late && !(error instanceof Interrupted)) return undefined;
  const text = late
    ? `no result within ${formatDuration(limitMs)}`
    : 'the connection did not come back in time';
  return new QctlError('target', text, {
    code: 'CHECK_TIMEOUT',
    hint: ['check that the server runs and answers; --timeout allows for more'],
    cause: error,
  });
}

/** The item of one thing among several that could not be measured. */
export function unreadableItem(
  labels: { stream: string; group?: string },
  { code, message }: QctlError,
): Item<Metric> {
  const name = [labels.stream, labels.group].filter((part) => part !== undefined).join('/');
  const finding = { code, status: 'unknown' as const, text: message };
  return { name, labels: { ...labels }, readings: [], findings: [finding] };
}
