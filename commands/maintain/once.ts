import { isRetryable } from '../../src/backends/redis/index.ts';
import {
  checkMoveRights,
  DueMover,
  forgetIfIdle,
  type MovedReport,
  moveAllDue,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatMaintained, toMaintained } from './format.ts';
import { lostError, maintainedStreams } from './streams.ts';

/** Moves what is due, prints a row for each stream, and then fails where something was in the way. */
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
  await renderResult(io, options, {
    type: 'maintained',
    data: rows,
    table: () => (rows.length === 0 ? '' : formatMaintained(io.stdout, rows)),
  });
  const failure = reports.find((report) => report.failure)?.failure ?? lostError(reports, redis.label);
  if (failure) throw failure;
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
    // What is wrong with one stream is not wrong with the others; a server that is away is away for all.
    if (report.failure && isRetryable(report.failure, redis.kind) !== undefined) break;
    if (report.nowMs !== null && report.waiting === 0)
      await forgetIfIdle(redis, stream, report.nowMs).catch(() => false);
  }
  return reports;
}
