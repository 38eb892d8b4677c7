import type { QctlError } from '../../src/errors.ts';
import { lostError, scheduledStreams } from '../../src/maintain/index.ts';
import { Interrupted, pause } from '../../src/model/patience.ts';
import {
  checkMoveRights,
  DueMover,
  forgetIfIdle,
  type MovedReport,
  moveAllDue,
  type Work,
} from '../../src/streams/index.ts';
import type { Context } from '../context.ts';
import { patientWork, usageError } from '../stream-work.ts';
import { drained } from '../term/drained.ts';
import { printable } from '../term/text.ts';
import { BreakerRounds } from './breaker-rounds.ts';
import { type MaintainFlags, partsOf } from './choose.ts';
import { MIN_EVERY_MS } from './conflicts.ts';
import { formatLine, toMaintained } from './format.ts';

const EVERY_MS = 1000;

/**
 * Moves messages when they are due, and looks after the circuit breakers, until a signal; prints a line whenever
 * something was done.
 */
export async function followScheduled(context: Context, flags: MaintainFlags): Promise<void> {
  const { stream: named, every = EVERY_MS } = flags;
  const { maintain, streams: configured } = await context.config();
  const parts = partsOf(maintain, flags);
  if (!parts.has('scheduled')) throw nothingToFollow();
  const redis = await context.redis();
  const work = patientWork(context, true);
  const find = () => scheduledStreams({ redis, streams: configured, named }, work);
  await checkMoveRights(redis, await find());
  context.onHardStop = () => 'stopped at once; what was moved is moved, the same command goes on';
  const round = new Round(context, work);
  const breakers = parts.has('breakers') ? new BreakerRounds(context) : undefined;
  try {
    while (!context.signal.aborted) {
      const streams = await find();
      const dueInMs = await round.move(streams);
      await breakers?.look();
      await pause(Math.min(every, dueInMs), context.signal);
    }
  } catch (error) {
    if (!(error instanceof Interrupted)) throw error;
  } finally {
    await round.close();
  }
}

function nothingToFollow(): QctlError {
  return usageError(
    'scheduled messages are not moved: that part is off',
    'FOLLOW_CONFLICT',
    'leave out --follow; cron runs the other parts',
  );
}

/** One look at all streams after the other. */
class Round {
  private readonly context: Context;
  private readonly work: Work;
  private readonly movers = new Map<string, DueMover>();
  /** What was said last of a stream that does not work. */
  private readonly told = new Map<string, string>();

  constructor(context: Context, work: Work) {
    this.context = context;
    this.work = work;
  }

  /** Returns after how many ms the next message is due. */
  async move(streams: readonly string[]): Promise<number> {
    let dueInMs = Number.POSITIVE_INFINITY;
    for (const stream of streams) {
      if (this.context.signal.aborted) break;
      const report = await moveAllDue(await this.moverOf(stream), this.work);
      await this.tell(report);
      if (report.nextDueMs !== null && report.nowMs !== null)
        dueInMs = Math.min(dueInMs, Math.max(MIN_EVERY_MS, report.nextDueMs - report.nowMs));
      if (report.waiting === 0 && report.nowMs !== null) await this.forget(stream, report.nowMs);
    }
    return dueInMs;
  }

  async close(): Promise<void> {
    await Promise.all([...this.movers.values()].map((mover) => mover.close()));
  }

  private async moverOf(stream: string): Promise<DueMover> {
    const known = this.movers.get(stream);
    if (known) return known;
    const mover = new DueMover(await this.context.redis(), stream);
    this.movers.set(stream, mover);
    return mover;
  }

  private async forget(stream: string, nowMs: number): Promise<void> {
    const forgotten = await forgetIfIdle(await this.context.redis(), stream, nowMs).catch(() => false);
    if (forgotten) this.movers.delete(stream);
  }

  /** What could not be done is said once and tried again in the next round. */
  private async tell(report: MovedReport): Promise<void> {
    const { io, options } = this.context;
    if (report.moved + report.lost > 0) {
      io.stdout.write(formatLine(options.output === 'ndjson', toMaintained(report), this.context.now()));
      await drained(io.stdout);
    }
    const failure = report.failure ?? lostError([report], (await this.context.redis()).label);
    const said = this.told.get(report.stream);
    this.told.set(report.stream, failure?.message ?? '');
    if (failure && failure.message !== said) io.stderr.write(`qctl: ${printable(failure.message)}\n`);
  }
}
