import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { breakerForget } from '../backends/redis/scripts/breaker/forget.ts';
import { forgetStream as dropMember } from '../backends/redis/scripts/forget-stream.ts';
import { BREAKER_INDEX } from '../model/keys.ts';
import { forwardEvents } from './forward-events.ts';
import { scriptKeys } from './keys.ts';
import { lookAtBreakers } from './look.ts';
import type { BreakerView } from './view.ts';

/** After this a breaker that no process was heard of for is forgotten, where no operator has set anything. */
export const UNUSED_AFTER_MS = 30 * 86_400_000;

/** A breaker that may be forgotten. */
export interface UnusedBreaker {
  name: string;
  /** When anybody was last heard of, ms by the clock of Redis. */
  heardMs: number;
  /** Its place in the index, as Redis has written it. */
  score: string;
}

/** The breakers that may be forgotten, by name; changes nothing. Throws the raw error of Redis. */
export async function unusedBreakers(redis: RedisConnection): Promise<UnusedBreaker[]> {
  const [seconds] = await redis.client.time();
  const before = Number(seconds) * 1000 - UNUSED_AFTER_MS;
  const flat = await redis.client.zrangebyscore(BREAKER_INDEX, '-inf', `(${before}`, 'WITHSCORES');
  const scores = new Map(flat.flatMap((name, at) => (at % 2 === 0 ? [[name, flat[at + 1]!] as const] : [])));
  const views = await lookAtBreakers(redis, [...scores.keys()].sort());
  return views
    .map((view) => {
      const score = scores.get(view.name)!;
      return { view, score, heardMs: Math.max(Number(score), view.seenMs ?? 0, view.sinceMs ?? 0) };
    })
    .filter(({ view, heardMs }) => heardMs < before && !isOperated(view))
    .map(({ view: { name }, score, heardMs }) => ({ name, score, heardMs }));
}

function isOperated({ override, lapsed, set }: BreakerView): boolean {
  return override !== null || lapsed || Object.keys(set).length > 0;
}

/**
 * Forgets one of them: its state, its settings and its place in the index. Where a process came up meanwhile it
 * stays. Throws the raw error of Redis.
 *
 * @returns whether it was forgotten
 */
export async function forgetUnused(redis: RedisConnection, { name, score }: UnusedBreaker): Promise<boolean> {
  const request = JSON.stringify({ idleMs: UNUSED_AFTER_MS });
  const gone = await runScript(redis.client, breakerForget, scriptKeys(redis, name), [name, request]);
  if (gone !== 1) return false;
  await forwardEvents(redis, name);
  // On a cluster the index lies in another slot. Whoever comes up writes a new score there first.
  await runScript(redis.client, dropMember, [BREAKER_INDEX], [name, score]);
  return true;
}
