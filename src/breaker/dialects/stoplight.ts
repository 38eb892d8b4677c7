import type { RedisConnection } from '../../backends/redis/index.ts';
import { type ForeignBreaker, unknownBreaker } from './foreign.ts';
import { findKeys, isReadable, readEach } from './read-keys.ts';
import { LIGHT_FIELDS, lightOf, readFields } from './stoplight-light.ts';
import { listStoplight6 } from './stoplight6.ts';

const PREFIX = 'stoplight:v5:metadata:';

const LOST_LOCK = 'the lock is lost with its key, unless a call is recorded before';

/** The lights of stoplight 5 and 6. */
export async function listStoplight(redis: RedisConnection, nowMs: number): Promise<ForeignBreaker[]> {
  // Once through all keys: of some millions every further time would take a minute.
  const keys = await findKeys(redis, 'stoplight:v[56]:*');
  const metadata = keys.filter((key) => key.startsWith(PREFIX));
  const lights = await readEach(metadata, (key) => readOne(redis, key, nowMs));
  return [...lights, ...(await listStoplight6(redis, keys, nowMs))];
}

async function readOne(redis: RedisConnection, key: string, nowMs: number): Promise<ForeignBreaker> {
  // For a cluster it puts the name in braces.
  const name = key.slice(PREFIX.length).replace(/^\{(.+)\}$/, '$1');
  const unknown = unknownBreaker('stoplight', name, null);
  if (!isReadable(key)) return { ...unknown, note: 'its name is no UTF-8 text' };
  const fields = await readFields(redis, key, [...LIGHT_FIELDS.state, ...LIGHT_FIELDS.metrics]);
  if (!fields) return { ...unknown, note: `${key} is no hash` };
  const light = { ...unknown, ...lightOf(fields, nowMs) };
  return light.locked ? { ...light, ...(await endOfLock(redis, key, nowMs)) } : light;
}

/** A lock stands in a hash that ends a week after the last call that was recorded; a red light records none. */
async function endOfLock(
  redis: RedisConnection,
  key: string,
  nowMs: number,
): Promise<Partial<ForeignBreaker>> {
  const leftMs = await redis.client.pttl(key);
  return leftMs < 0 ? {} : { nextChangeMs: nowMs + leftMs, note: LOST_LOCK };
}
