import type { RedisConnection } from '../../backends/redis/index.ts';
import type { Dialect, ForeignBreaker } from './foreign.ts';
import { listGobreaker } from './gobreaker.ts';
import { listPybreaker } from './pybreaker.ts';
import { listStoplight } from './stoplight.ts';

export { DIALECTS, type Dialect, type ForeignBreaker } from './foreign.ts';

type Lister = (redis: RedisConnection, nowMs: number) => Promise<ForeignBreaker[]>;

const LISTERS: Record<Dialect, Lister> = {
  stoplight: listStoplight,
  pybreaker: listPybreaker,
  gobreaker: listGobreaker,
};

/** Breakers of another library, and when they were looked at by the clock of Redis. */
export interface ForeignBreakers {
  nowMs: number;
  breakers: ForeignBreaker[];
}

/**
 * The circuit breakers that another library keeps in this Redis, by name; on a cluster those of all masters. Looks at
 * every key (SCAN) and changes nothing. Throws the raw error of Redis.
 */
export async function listForeignBreakers(
  redis: RedisConnection,
  dialect: Dialect,
): Promise<ForeignBreakers> {
  const [seconds, micros] = await redis.client.time();
  const nowMs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
  const breakers = await LISTERS[dialect](redis, nowMs);
  return { nowMs, breakers: breakers.sort((a, b) => compare(a.name, b.name)) };
}

const compare = (a: string, b: string): number => (a < b ? -1 : Number(a > b));
