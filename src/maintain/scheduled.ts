import type { RedisConnection } from '../backends/redis/index.ts';
import { isPattern, matchesPattern } from '../config/streams.ts';
import { QctlError } from '../errors.ts';
import { streamKeys } from '../model/keys.ts';
import {
  checkMoveRights,
  DueMover,
  dueText,
  forgetIfIdle,
  type MovedReport,
  moveAllDue,
  serverTimeMs,
  streamSettings,
  streamsToMove,
  type Work,
  waitingFor,
} from '../streams/index.ts';
import { ask, isAway } from './ask.ts';
import type { MaintainRequest } from './request.ts';

/** What waits for one stream. */
export interface WaitingPlan {
  stream: string;
  waiting: number;
  /** Of these, already. */
  due: number;
  /** RFC 3339; null where nothing waits. */
  nextDueAt: string | null;
}

/** The streams whose messages are to be looked at, see `streamsToMove`. */
export async function scheduledStreams(
  { redis, streams, named }: Pick<MaintainRequest, 'redis' | 'streams' | 'named'>,
  work: Work,
): Promise<string[]> {
  if (named === undefined) return streamsToMove(redis, work);
  if (isPattern(named) && !Object.hasOwn(streams, named))
    return (await streamsToMove(redis, work)).filter((stream) => matchesPattern(named, stream));
  const { partitions } = streamSettings(streams, named, redis.kind === 'cluster');
  return streamsToMove(redis, work, named, partitions);
}

/** Counts what waits. */
export async function planScheduled(request: MaintainRequest, work: Work): Promise<WaitingPlan[]> {
  const { redis } = request;
  const nowMs = await serverTimeMs(redis);
  const plans: WaitingPlan[] = [];
  for (const stream of await scheduledStreams(request, work)) {
    const { waiting, nextDueMs } = await waitingFor(redis, stream);
    const due = await ask(redis, `look at what waits for stream ${stream}`, () =>
      redis.client.zcount(streamKeys(stream).delayed, '-inf', nowMs),
    );
    plans.push({ stream, waiting, due, nextDueAt: dueText(nextDueMs) });
  }
  return plans;
}

/** What {@link moveScheduled} has done. */
export interface Moved {
  reports: MovedReport[];
  /** Streams that were not begun or not finished. */
  left: string[];
}

/**
 * Moves what is due, stream after stream. What is wrong with one is its `failure`, and keeps no other waiting unless
 * Redis is away. Throws where this user may not move anything.
 *
 * @param progress told after each step
 */
export async function moveScheduled(
  request: MaintainRequest,
  work: Work,
  progress?: (report: Readonly<MovedReport>) => void,
): Promise<Moved> {
  const { redis } = request;
  const reports: MovedReport[] = [];
  const streams = await scheduledStreams(request, work);
  await checkMoveRights(redis, streams);
  for (const stream of streams) {
    if (work.signal.aborted) break;
    const report = await moveInto(redis, stream, work, progress);
    reports.push(report);
    if (isAway(report.failure, redis)) break;
  }
  const done = reports.filter(({ stopped }) => !stopped).map(({ stream }) => stream);
  return { reports, left: streams.filter((stream) => !done.includes(stream)) };
}

async function moveInto(
  redis: RedisConnection,
  stream: string,
  work: Work,
  progress?: (report: Readonly<MovedReport>) => void,
): Promise<MovedReport> {
  const mover = new DueMover(redis, stream);
  const report = await moveAllDue(mover, work, progress);
  await mover.close();
  if (report.nowMs !== null && report.waiting === 0)
    await forgetIfIdle(redis, stream, report.nowMs).catch(() => false);
  return report;
}

/** The error for messages that could not be moved since they were no longer there; undefined where all were. */
export function lostError(reports: readonly MovedReport[], label: string): QctlError | undefined {
  const lost = reports.filter((report) => report.lost > 0);
  if (lost.length === 0) return undefined;
  const count = lost.reduce((sum, report) => sum + report.lost, 0);
  const text = `${label} has lost data: the content of ${count} scheduled messages was gone when they were due`;
  return new QctlError('target', text, {
    code: 'TARGET_LOST_DATA',
    hint: [
      'it was evicted or deleted: check maxmemory-policy, which must be noeviction, and who writes to qctl:*',
    ],
    details: { streams: lost.map(({ stream, lost: gone }) => ({ stream, lost: gone })) },
  });
}
