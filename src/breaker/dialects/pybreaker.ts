import type { RedisConnection } from '../../backends/redis/index.ts';
import { amountOf, type ForeignBreaker, secondsToMs, unknownBreaker } from './foreign.ts';
import { findKeys, isReadable, readEach, unlessWrongType } from './read-keys.ts';

/** Key of the state behind the namespace, which is optional. */
const STATE_KEY = 'pybreaker:state';
const MOST_BYTES = 64;

/**
 * The breakers that pybreaker's CircuitRedisStorage keeps: four strings `[NAMESPACE:]pybreaker:…`. All breakers
 * without a namespace share one state. It does not keep how long a breaker stays open.
 */
export async function listPybreaker(redis: RedisConnection): Promise<ForeignBreaker[]> {
  const keys = await findKeys(redis, `*${STATE_KEY}`);
  const own = keys.filter((key) => key === STATE_KEY || key.endsWith(`:${STATE_KEY}`));
  return readEach(own, (key) => readOne(redis, key.slice(0, -'state'.length)));
}

async function readOne(redis: RedisConnection, prefix: string): Promise<ForeignBreaker> {
  const namespace = prefix.slice(0, -'pybreaker:'.length).replace(/:$/, '');
  const unknown = unknownBreaker('pybreaker', namespace || 'pybreaker', null);
  if (!isReadable(prefix)) return { ...unknown, note: 'its name is no UTF-8 text' };
  const read = (part: string) => unlessWrongType(redis.client.getrange(prefix + part, 0, MOST_BYTES));
  const [state, failures, opened] = await Promise.all(['state', 'fail_counter', 'opened_at'].map(read));
  if (state !== 'open' && state !== 'closed' && state !== 'half-open')
    return { ...unknown, note: `${prefix}state holds no state that pybreaker knows` };
  return {
    ...unknown,
    state,
    failures: amountOf(failures),
    // The other states do not say when they began.
    sinceMs: state === 'open' ? secondsToMs(opened) : null,
    note: namespace ? null : 'without a namespace: all breakers that have none share it',
  };
}
