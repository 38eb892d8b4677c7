import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { judgeConsumer, readMembers, requireFacts } from '../../src/streams/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

test.each([
  [{ idleMs: 0, pending: 0 }, 'active'],
  [{ idleMs: 299_999, pending: 5 }, 'active'],
  [{ idleMs: 300_000, pending: 0 }, 'idle'],
  [{ idleMs: 300_000, pending: 1 }, 'stuck'],
])('%j is %s', (consumer, verdict) => {
  expect(judgeConsumer(consumer)).toBe(verdict);
});

test('the configuration decides when a consumer counts as idle', () => {
  expect(judgeConsumer({ idleMs: 1500, pending: 1 }, 1000)).toBe('stuck');
  expect(judgeConsumer({ idleMs: 1500, pending: 1 }, 2000)).toBe('active');
});

describe('the members of a group', () => {
  test('come by name with the oldest entry that each holds', async () => {
    const stream = uniqueName('members');
    const ids: string[] = [];
    for (let n = 0; n < 4; n += 1) ids.push((await call('XADD', stream, '*', 'n', n)) as string);
    await call('XGROUP', 'CREATE', stream, 'g', '0');
    // Names that are also the names of what Redis tells.
    await call('XREADGROUP', 'GROUP', 'g', 'pending', 'COUNT', 2, 'STREAMS', stream, '>');
    await call('XREADGROUP', 'GROUP', 'g', 'idle', 'COUNT', 1, 'STREAMS', stream, '>');
    await call('XGROUP', 'CREATECONSUMER', stream, 'g', 'inactive');
    await call('XACK', stream, 'g', ids[0]!);
    const facts = await requireFacts(redis, stream);
    const members = await readMembers(redis, facts, 'g');
    const [first] = (await call('XINFO', 'CONSUMERS', stream, 'g')) as string[][];
    // Since Redis 7.2.
    const inactiveMs = first!.includes('inactive') && first!.length === 8 ? expect.any(Number) : null;
    const held = (consumer: string, id: string) => ({
      consumer,
      pending: 1,
      idleMs: expect.any(Number),
      inactiveMs,
      oldestPendingId: id,
      oldestPendingAgeMs: expect.any(Number),
      verdict: 'active',
    });
    expect(members).toEqual([
      held('idle', ids[2]!),
      {
        consumer: 'inactive',
        pending: 0,
        idleMs: expect.any(Number),
        inactiveMs: null,
        oldestPendingId: null,
        oldestPendingAgeMs: null,
        verdict: 'active',
      },
      held('pending', ids[1]!),
    ]);
  });

  test('that hold entries and were not seen for long are stuck', async () => {
    const stream = uniqueName('stuck');
    await call('XADD', stream, '1-0', 'n', 1);
    await call('XGROUP', 'CREATE', stream, 'g', '0');
    await call('XREADGROUP', 'GROUP', 'g', 'c', 'STREAMS', stream, '>');
    const facts = await requireFacts(redis, stream);
    expect((await readMembers(redis, facts, 'g', 0)).map(({ verdict }) => verdict)).toEqual(['stuck']);
  });

  test('of a group that does not exist are an error', async () => {
    const stream = uniqueName('nogroup');
    await call('XADD', stream, '1-0', 'n', 1);
    await expect(readMembers(redis, await requireFacts(redis, stream), 'g')).rejects.toMatchObject({
      code: 'REDIS_NOGROUP',
    });
  });
});
