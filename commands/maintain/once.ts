import { isRetryable, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  checkMoveRights,
  DueMover,
  forgetIfIdle,
  type MovedReport,
  moveAllDue,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../stream-work.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { type BreakerWork, maintainBreakers, warningOf } from './breakers.ts';
import { formatMaintained, type Maintained, toMaintained } from './format.ts';
import { breakerWorkToJson, formatBreakerWork } from './format-breakers.ts';
import { lostError, maintainedStreams } from './streams.ts';

/**
 * Moves what is due and, unless a stream is named, looks after the circuit breakers; prints a row for each stream and
 * for each breaker with which there was something to do. Then it fails where something was in the way.
 */
export async function moveScheduled(context: Context, named: string | undefined): Promise<void> {
  const { io, options } = context;
  const redis = await context.redis();
  const streams = await withProgress(context, 'look', ({ work }) => maintainedStreams(context, work, named));
  if (streams.length === 0 && io.stderr.isTTY && !options.quiet)
    io.stderr.write('no messages wait for any stream\n');
  await checkMoveRights(redis, streams);
  context.onHardStop = () => 'stopped at once; what was moved is moved, the same command goes on';
  const reports = await moveAll(context, streams);
  const rows = reports.map(toMaintained);
  const breakers = named === undefined && !isAway(reports, redis) ? await maintainBreakers(context) : [];
  await renderResult(io, options, {
    type: 'maintained',
    data: [...rows, ...breakers.map(breakerWorkToJson)],
    table: () => tablesOf(io.stdout, rows, breakers),
  });
  if (!options.quiet) for (const work of breakers) io.stderr.write(warningOf(work) ?? '');
  const failure =
    reports.find((report) => report.failure)?.failure ??
    lostError(reports, redis.label) ??
    breakers.find((work) => work.failure)?.failure;
  if (failure) throw failure;
}

function tablesOf(output: Output, rows: readonly Maintained[], breakers: readonly BreakerWork[]): string {
  const parts = rows.length === 0 ? [] : [formatMaintained(output, rows)];
  if (breakers.length > 0) parts.push(formatBreakerWork(output, breakers));
  return parts.join('\n');
}

/** A server that is away is away for all. */
function isAway(reports: readonly MovedReport[], { kind }: RedisConnection): boolean {
  return reports.some(({ failure }) => failure !== null && isRetryable(failure, kind) !== undefined);
}

async function moveAll(context: Context, streams: readonly string[]): Promise<MovedReport[]> {
  const redis = await context.redis();
  const reports: MovedReport[] = [];
  for (const stream of streams) {
    if (context.signal.aborted) break;
    const mover = new DueMover(redis, stream);
    const report = await withProgress(context, 'move', ({ work, progress }) =>
      moveAllDue(mover, work, ({ moved }) => progress.update(`${stream}: ${grouped(moved)} moved`)),
    );
    reports.push(report);
    await mover.close();
    // What is wrong with one stream is not wrong with the others.
    if (isAway([report], redis)) break;
    if (report.nowMs !== null && report.waiting === 0)
      await forgetIfIdle(redis, stream, report.nowMs).catch(() => false);
  }
  return reports;
}
