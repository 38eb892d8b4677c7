import {
  mastersOf,
  type RedisConnection,
  refuseClusterNode,
  replyCode,
  scanNode,
} from '../backends/redis/index.ts';
import { listCutovers } from '../cutover/index.ts';
import { unfinishedRuns } from '../drain/index.ts';
import { isQctlError } from '../errors.ts';
import { cutoverKeys } from '../model/keys.ts';
import { shellWord } from '../model/shell-word.ts';
import { serverTimeMs } from '../streams/index.ts';
import { ask } from './ask.ts';
import type { MaintainEvents } from './request.ts';

/** Something that was begun and that nobody is at work on. It is told and left as it is. */
export interface Leftover {
  kind: 'drain' | 'cutover' | 'lock' | 'load-test';
  /** The run, the lock's name, or the key. */
  name: string;
  /** RFC 3339; null where nobody knows. */
  since: string | null;
  /** A clause that follows the name: `is not at its end, and nobody is at work on it`. */
  what: string;
  /** The command that shows or ends it. */
  command: string;
}

/** What stands still for less may be a process that is being started again, or people who have been asked. */
const STILL_MS = 3_600_000;
/** A lock that somebody has taken by hand may be needed for a working day. */
const BY_HAND_MS = 86_400_000;
/** No more than about so many thousand keys are looked through for locks and load tests. */
const ROUNDS = 500;

type Look = Pick<MaintainEvents, 'leftOut'> & { redis: RedisConnection };

/** Looks for them. Reads only; what this user may not read is left out. Throws what Redis answers. */
export async function findLeftovers(look: Look): Promise<Leftover[]> {
  const { redis } = look;
  const nowMs = await serverTimeMs(redis);
  const found: Leftover[] = [];
  const kinds: [what: string, find: () => Promise<Leftover[]>][] = [
    ['runs of drains', () => leftDrains(redis, nowMs)],
    ['cutovers', () => leftCutovers(redis, nowMs)],
    ['locks and load tests', () => leftKeys(redis, nowMs)],
  ];
  for (const [what, find] of kinds) {
    try {
      found.push(...(await ask(redis, `look for ${what} that are left over`, find)));
    } catch (error) {
      const cause = isQctlError(error) ? error.cause : error;
      if (replyCode(cause) !== 'NOPERM') throw error;
      look.leftOut?.(what);
    }
  }
  return found;
}

async function leftDrains(redis: RedisConnection, nowMs: number): Promise<Leftover[]> {
  const runs = await unfinishedRuns(redis);
  return runs
    .filter(({ atWork, seenMs }) => atWork.length === 0 && nowMs - seenMs >= STILL_MS)
    .map(({ run, source, stream, mode, seenMs }) => {
      const way = mode === 'back' ? `${stream} -> ${source}` : `${source} -> ${stream}`;
      return {
        ...{ kind: 'drain' as const, name: run, since: new Date(seenMs).toISOString() },
        what: `(${way}) is not at its end, and nobody is at work on it`,
        command: `qctl drain status ${run}`,
      };
    });
}

async function leftCutovers(redis: RedisConnection, nowMs: number): Promise<Leftover[]> {
  const runs = await listCutovers({ redis: async () => redis });
  return runs.flatMap(({ run, plan, state, endedAt, alive, startedAt, waitingFor, waitingSince }) => {
    if (endedAt !== null || state === 'completed') return [];
    const about = { kind: 'cutover' as const, name: run, command: `qctl cutover status ${run}` };
    if (!alive) {
      const what = `(${plan}) is ${state}, and its process is gone`;
      return isEnd(state) ? [] : [{ ...about, since: startedAt, what }];
    }
    const long = waitingSince !== null && nowMs - Date.parse(waitingSince) >= STILL_MS;
    return long ? [{ ...about, since: waitingSince, what: `(${plan}) waits: ${waitingFor}` }] : [];
  });
}

function isEnd(state: string): boolean {
  return state === 'rolledBack' || state === 'rollbackFailed';
}

async function leftKeys(redis: RedisConnection, nowMs: number): Promise<Leftover[]> {
  await refuseClusterNode(redis, 'look for locks');
  const nodes = mastersOf(redis);
  const scans = await Promise.all(
    nodes.map((node) => scanNode(node, 'qctl:lo[ac][dk]:*', { rounds: ROUNDS })),
  );
  const looks = [...new Set(scans.flat())].sort().map((key) => lookAtKey(redis, key, nowMs));
  return (await Promise.all(looks)).filter((one) => one !== undefined);
}

async function lookAtKey(redis: RedisConnection, key: string, nowMs: number): Promise<Leftover | undefined> {
  const cutover = /^qctl:lock:cutover:(.*)$/s.exec(key)?.[1];
  if (cutover !== undefined) return leftLock(redis, key, cutover, nowMs);
  // One that is at work, or was killed, goes by itself.
  if (!key.startsWith('qctl:load:') || (await redis.client.pttl(key)) !== -1) return undefined;
  const what = 'was made by a load test, and does not go by itself';
  return { kind: 'load-test', name: key, since: null, what, command: `redis-cli UNLINK ${shellWord(key)}` };
}

/** One that a known run holds is told with the run. */
async function leftLock(
  { client }: RedisConnection,
  key: string,
  name: string,
  nowMs: number,
): Promise<Leftover | undefined> {
  const { kind, since, until, by, host, reason, holder = '' } = await client.hgetall(key);
  const about = {
    ...{ kind: 'lock' as const, name, since: new Date(Number(since ?? 0)).toISOString() },
    command: `qctl cutover lock status ${name}`,
  };
  if (kind === 'hand' && nowMs - Number(since) >= BY_HAND_MS)
    return { ...about, what: `was taken by hand by ${by}@${host}${reason ? ` (${reason})` : ''}` };
  if (kind !== 'run' || Number(until) > nowMs) return undefined;
  if ((await client.exists(cutoverKeys(holder).record)) === 1) return undefined;
  return { ...about, what: `is held by run ${holder} of ${by}@${host}, of which nothing is known any more` };
}
