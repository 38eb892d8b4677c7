import type { RedisConnection } from '../backends/redis/index.ts';
import { isQctlError, type QctlError } from '../errors.ts';
import { partitionKeys, streamKeys } from '../model/keys.ts';
import { Interrupted } from '../model/patience.ts';
import { delayedStreams } from './delayed.ts';
import { type DueMover, type MovedPage, moreIsDue } from './delayed-move.ts';
import { page, type Work } from './work.ts';
import { requireWritable } from './writable.ts';

/** What was moved into one stream, and what still waits for it. */
export interface MovedReport {
  stream: string;
  moved: number;
  payloadBytes: number;
  /** They waited and their content was gone: evicted, or deleted by hand. */
  lost: number;
  waitingBefore: number | null;
  /** With what was put aside meanwhile; null where Redis could not be asked. */
  waiting: number | null;
  nextDueMs: number | null;
  /** The server's clock; null where Redis could not be asked. */
  nowMs: number | null;
  /** True where the operator stopped it before the end. */
  stopped: boolean;
  /** What ended it early; null where nothing did. Thrown by whoever prints the report. */
  failure: QctlError | null;
}

/**
 * Moves all that is due into one stream. Never throws for what happened on the way, see
 * {@link MovedReport.failure}.
 */
export async function moveAllDue(
  mover: DueMover,
  work: Work,
  onPage?: (report: Readonly<MovedReport>) => void,
): Promise<MovedReport> {
  const report = emptyReport(mover.stream);
  try {
    for (;;) {
      const step = await mover.step(work);
      addStep(report, step);
      onPage?.(report);
      if (!moreIsDue(step)) return report;
      if (work.signal.aborted) throw new Interrupted();
    }
  } catch (error) {
    if (error instanceof Interrupted) report.stopped = true;
    else if (isQctlError(error)) report.failure = error;
    else throw error;
  }
  return report;
}

function addStep(
  report: MovedReport,
  { moved, payloadBytes, lost, waiting, nextDueMs, nowMs }: MovedPage,
): void {
  report.waitingBefore ??= waiting + moved + lost;
  report.moved += moved;
  report.payloadBytes += payloadBytes;
  report.lost += lost;
  Object.assign(report, { waiting, nextDueMs, nowMs });
}

function emptyReport(stream: string): MovedReport {
  return {
    ...{ stream, moved: 0, payloadBytes: 0, lost: 0, waitingBefore: null, waiting: null, nextDueMs: null },
    ...{ nowMs: null, stopped: false, failure: null },
  };
}

/**
 * The streams to look at: all that messages were put aside for, or the one that is named, its partitions
 * included, whether anything waits for it or not.
 *
 * @param partitions of the named stream, as far as the configuration says
 */
export async function streamsToMove(
  redis: RedisConnection,
  work: Work,
  named?: string,
  partitions = 1,
): Promise<string[]> {
  const known = await page(redis, work, 'list the streams that messages wait for', () =>
    delayedStreams(redis),
  );
  if (named === undefined) return known;
  const own = known.filter((stream) => stream === named || partitionOfStream(stream, named));
  return [...new Set([...own, ...(own.length > 0 ? [] : partitionKeys(named, partitions))])];
}

function partitionOfStream(stream: string, named: string): boolean {
  return stream.startsWith(`${named}:{`) && /^\d+\}$/.test(stream.slice(named.length + 2));
}

/** Throws what `requireWritable` does where this user may not move messages into these streams. */
export async function checkMoveRights(redis: RedisConnection, streams: readonly string[]): Promise<void> {
  const commands = streams.slice(0, 10).flatMap((stream) => {
    const keys = streamKeys(stream);
    return [
      { command: 'zrem', args: [keys.delayed, 'x'] },
      { command: 'hdel', args: [keys.delayedEntries, 'x'] },
      { command: 'hincrby', args: [keys.delayedCounts, 'x', '1'] },
      { command: 'xadd', args: [stream, '*', 'x', 'x'] },
      { command: 'set', args: [keys.operation('x'), 'x'] },
    ];
  });
  await requireWritable(redis, 'move what is due', commands);
}
