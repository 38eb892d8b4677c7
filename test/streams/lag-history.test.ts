import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type GroupFacts,
  judgeLag,
  type Lag,
  measureLag,
  oldestUndeliveredId,
  requireFacts,
} from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));
const idsIn = async (stream: string, from: string): Promise<string[]> =>
  ((await call('XRANGE', stream, from, '+')) as [string][]).map(([id]) => id);

/** One thing that happens to a stream. Plain data, so that a counterexample can be read. */
type Step =
  | { do: 'add'; count: number }
  | { do: 'read'; group: string; count: number }
  | { do: 'acknowledge'; group: string }
  | { do: 'delete'; at: number }
  | { do: 'trim'; to: number }
  | { do: 'trimBefore'; ms: number }
  | { do: 'set'; group: string; id: string };

const group = fc.constantFrom('a', 'b');
const count = fc.integer({ min: 1, max: 5 });
const at = fc.nat(40);
const id = fc.oneof(at.map(String), fc.constantFrom('0', '$'));
const often = <T>(arbitrary: fc.Arbitrary<T>) => ({ arbitrary, weight: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  often(fc.record({ do: fc.constant('add' as const), count })),
  often(fc.record({ do: fc.constant('read' as const), group, count })),
  fc.record({ do: fc.constant('acknowledge' as const), group }),
  { arbitrary: fc.record({ do: fc.constant('delete' as const), at }), weight: 2 },
  fc.record({ do: fc.constant('trim' as const), to: fc.nat(8) }),
  fc.record({ do: fc.constant('trimBefore' as const), ms: at }),
  fc.record({ do: fc.constant('set' as const), group, id }),
);

async function take(stream: string, step: Step): Promise<void> {
  if (step.do === 'add') await add(stream, step.count);
  else if (step.do === 'read')
    await call('XREADGROUP', 'GROUP', step.group, 'c', 'COUNT', step.count, 'STREAMS', stream, '>');
  else if (step.do === 'acknowledge') {
    const rows = (await call('XPENDING', stream, step.group, '-', '+', 3)) as [string][];
    for (const [pending] of rows) await call('XACK', stream, step.group, pending);
  } else if (step.do === 'delete') {
    const ids = await idsIn(stream, '-');
    if (ids.length > 0) await call('XDEL', stream, ids[step.at % ids.length]!);
  } else if (step.do === 'trim') await call('XTRIM', stream, 'MAXLEN', step.to);
  else if (step.do === 'trimBefore') await call('XTRIM', stream, 'MINID', step.ms);
  else await call('XGROUP', 'SETID', stream, step.group, step.id);
}

async function add(stream: string, count: number): Promise<void> {
  const { lastGeneratedId } = await requireFacts(redis, stream);
  const last = Number(lastGeneratedId.split('-')[0]);
  for (let n = 1; n <= count; n += 1) await call('XADD', stream, `${last + n}-0`, 'n', n);
}

test('whatever happened to a stream, a lag that is a number is what the group has yet to get', async () => {
  const ways = new Set<string>();
  let reports = true;
  const history = async (steps: Step[]) => {
    const stream = uniqueName('history');
    await call('XADD', stream, '1-0', 'n', '1');
    await call('XGROUP', 'CREATE', stream, 'a', '0');
    await call('XGROUP', 'CREATE', stream, 'b', '$');
    for (const step of steps) {
      await take(stream, step);
      for (const lag of await trueLags(stream)) ways.add(lag.how);
    }
    reports = (await requireFacts(redis, stream)).entriesAdded !== null;
    await call('DEL', stream);
  };
  const steps = fc.array(step, { minLength: 5, maxLength: 60 });
  await fc.assert(fc.asyncProperty(steps, history), { numRuns: 60 });
  // Redis 6.2 reports none.
  expect([...ways].sort()).toEqual(['bound', 'counted', 'position', ...(reports ? ['reported'] : [])]);
});

/** Looks at both groups in every way and throws where one says what is not so. */
async function trueLags(stream: string): Promise<Lag[]> {
  const bare = await requireFacts(redis, stream);
  const counted = await requireFacts(redis, stream, { count: 3 });
  const lags: Lag[] = [];
  for (const [index, group] of bare.groups.entries()) {
    const more = counted.groups[index]!;
    const undelivered = await idsIn(stream, `(${group.lastDeliveredId}`);
    expect(oldestUndeliveredId(counted, more), JSON.stringify(more)).toBe(undelivered[0] ?? null);
    const all = [
      judgeLag(bare, group),
      judgeLag(counted, more),
      await measureLag(redis, bare, group, { limit: 1000 }),
      await measureLag(redis, counted, more, { limit: 1000 }),
      await measureLag(redis, bare, group, { limit: 2 }),
    ];
    for (const lag of all) expectTrue(lag, undelivered.length, group);
    lags.push(...all);
  }
  return lags;
}

function expectTrue(lag: Lag, truth: number, group: GroupFacts): void {
  const seen = JSON.stringify({ lag, group });
  if (lag.lag !== null) expect(lag.lag, seen).toBe(truth);
  expect(lag.atLeast, seen).toBeLessThanOrEqual(truth);
  expect(lag.atMost, seen).toBeGreaterThanOrEqual(truth);
}
