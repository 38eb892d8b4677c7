import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { readFacts, requireFacts, summariseStreams } from '../../src/streams/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';

let redis: RedisConnection;
const call = (...words: (string | number)[]) => redis.client.call(...(words.map(String) as [string]));
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());

async function rich(): Promise<string> {
  const stream = uniqueName('facts');
  for (let id = 1; id <= 12; id += 1) await call('XADD', stream, `${id}-0`, 'body', 'x'.repeat(id));
  await call('XGROUP', 'CREATE', stream, 'zebra', '12-0');
  await call('XGROUP', 'CREATE', stream, 'audit', '0');
  await call('XREADGROUP', 'GROUP', 'audit', 'one', 'COUNT', 4, 'STREAMS', stream, '>');
  await call('XREADGROUP', 'GROUP', 'audit', 'two', 'COUNT', 1, 'STREAMS', stream, '>');
  await call('XACK', stream, 'audit', '1-0', '3-0');
  await call('XDEL', stream, '11-0', '12-0');
  return stream;
}

describe('the facts of a stream', () => {
  test('are all there, at one instant, groups by name', async () => {
    const stream = await rich();
    const before = Date.now();
    const facts = (await readFacts(redis, stream))!;
    // Redis 6.2 does not know it.
    const since7 = <T>(value: T): T | null => (facts.entriesAdded === null ? null : value);
    expect(facts).toEqual({
      stream,
      timeMs: expect.any(Number),
      length: 10,
      firstId: '1-0',
      lastId: '10-0',
      lastGeneratedId: '12-0',
      maxDeletedId: since7('12-0'),
      entriesAdded: since7(12),
      memoryBytes: null,
      groups: [
        {
          group: 'audit',
          consumers: 2,
          pending: 3,
          lastDeliveredId: '5-0',
          entriesRead: since7(5),
          reportedLag: null,
          oldestPendingId: '2-0',
        },
        {
          group: 'zebra',
          consumers: 0,
          pending: 0,
          lastDeliveredId: '12-0',
          entriesRead: null,
          reportedLag: since7(0),
          oldestPendingId: null,
        },
      ],
    });
    // Both clocks are of this machine.
    expect(Math.abs(facts.timeMs - before)).toBeLessThan(5000);
  });

  test('tell what lies behind a group where that is asked for, bodies or not', async () => {
    const stream = await rich();
    // Where everything lies behind a group, or nothing, there is nothing to be counted.
    await call('XGROUP', 'CREATE', stream, 'fresh', '0-5');
    const counts = async (count: number) =>
      (await requireFacts(redis, stream, { count })).groups.map(({ counted }) => counted);
    expect(await counts(100)).toEqual([
      { count: 5, complete: true, firstId: '6-0', lastId: '10-0' },
      undefined,
      undefined,
    ]);
    expect(await counts(3)).toEqual([
      { count: 3, complete: false, firstId: '6-0', lastId: '8-0' },
      undefined,
      undefined,
    ]);
    expect(await counts(0)).toEqual([undefined, undefined, undefined]);
  });

  test('stop counting after a megabyte, so that one look never holds up the server', async () => {
    const stream = uniqueName('large');
    for (let id = 1; id <= 40; id += 1) await call('XADD', stream, `${id}-0`, 'body', 'x'.repeat(200_000));
    await call('XGROUP', 'CREATE', stream, 'g', '1-5');
    const [group] = (await requireFacts(redis, stream, { count: 1000 })).groups;
    expect(group!.counted).toEqual({ count: 16, complete: false, firstId: '2-0', lastId: '17-0' });
    await call('DEL', stream);
  });

  describe('of many groups', () => {
    /** 60 entries of which the last was deleted, so that nothing is settled, and a group behind every third. */
    async function manyGroups(body: string): Promise<string> {
      const stream = uniqueName('groups');
      for (let id = 1; id <= 60; id += 1) await call('XADD', stream, `${id}-0`, 'body', body);
      await call('XDEL', stream, '60-0');
      for (let id = 3; id <= 57; id += 3) await call('XGROUP', 'CREATE', stream, `g${id}`, `${id}-0`);
      return stream;
    }
    const countsOf = async (stream: string, count: number) => {
      const { groups } = await requireFacts(redis, stream, { count });
      const numbers = groups.map(({ group, counted }) => [Number(group.slice(1)), counted!] as const);
      return numbers.sort(([a], [b]) => b - a);
    };

    test('count what lies behind several once: a limit that reaches the furthest reaches all', async () => {
      const stream = await manyGroups('x');
      // Two groups at one place, and one whose name comes last and stands furthest behind.
      await call('XGROUP', 'CREATE', stream, 'g999', '2-0');
      await call('XGROUP', 'CREATE', stream, 'g998', '30-0');
      for (const [id, counted] of await countsOf(stream, 58)) {
        const at = id === 999 ? 2 : id === 998 ? 30 : id;
        expect(counted).toEqual({ count: 59 - at, complete: true, firstId: `${at + 1}-0`, lastId: '59-0' });
      }
    });

    test('end all counts of one look at one limit, each behind the last entry that it counted', async () => {
      const counts = await countsOf(await manyGroups('x'), 10);
      expect(
        counts.slice(0, 4).map(([id, { count, complete, lastId }]) => [id, count, complete, lastId]),
      ).toEqual([
        [57, 2, true, '59-0'],
        [54, 5, true, '59-0'],
        [51, 8, true, '59-0'],
        // Two of three were left of the limit, and after it one entry each is looked at.
        [48, 2, false, '50-0'],
      ]);
      for (const [id, counted] of counts.slice(4))
        expect(counted).toEqual({ count: 1, complete: false, firstId: `${id + 1}-0`, lastId: `${id + 1}-0` });
    });

    test('end all counts of one look after a megabyte together', async () => {
      const stream = await manyGroups('x'.repeat(200_000));
      const counts = await countsOf(stream, 1000);
      const looked = counts.filter(([, { complete }]) => complete);
      expect(looked.map(([id, { count }]) => [id, count])).toEqual([
        [57, 2],
        [54, 5],
      ]);
      for (const [id, counted] of counts.slice(2))
        expect(counted).toMatchObject({ complete: false, firstId: `${id + 1}-0` });
      expect(counts.slice(2).every(([, { count }]) => count <= 3)).toBe(true);
      await call('DEL', stream);
    });
  });

  test('of one that is empty have no ids, and the group is not asked about what is not there', async () => {
    const stream = uniqueName('empty');
    await call('XGROUP', 'CREATE', stream, 'g', '$', 'MKSTREAM');
    const facts = (await readFacts(redis, stream, { count: 10 }))!;
    expect(facts).toMatchObject({ length: 0, firstId: null, lastId: null, lastGeneratedId: '0-0' });
    expect(facts.groups[0]!.counted).toBeUndefined();
  });

  test('hold the memory where that is asked for', async () => {
    const stream = await rich();
    const [one, many] = [await readFacts(redis, stream, { memory: true }), await readFacts(redis, stream)];
    expect(one!.memoryBytes).toBeGreaterThan(100);
    expect(many!.memoryBytes).toBeNull();
  });

  test('of one that is not there are none', async () => {
    const stream = uniqueName('none');
    expect(await readFacts(redis, stream)).toBeUndefined();
    await expect(requireFacts(redis, stream)).rejects.toMatchObject({
      kind: 'failed',
      code: 'STREAM_MISSING',
      message: `there is no stream ${stream} (${redis.label})`,
      details: { stream },
    });
  });

  test('of a key that holds something else are an error that says so', async () => {
    const key = uniqueName('list');
    await call('RPUSH', key, 'x');
    await expect(readFacts(redis, key)).rejects.toMatchObject({ code: 'REDIS_WRONG_TYPE' });
  });
});

describe('a summary of streams', () => {
  test('counts over all groups, and a lag is as sure as that of the groups', async () => {
    const [stream, lost] = [await rich(), uniqueName('gone')];
    const { streams, denied } = await summariseStreams(redis, [stream, lost], { memory: false, count: 3 });
    expect(denied).toEqual([]);
    expect(streams).toEqual([
      {
        stream,
        length: 10,
        firstId: '1-0',
        firstAgeMs: null,
        lastId: '10-0',
        lastAgeMs: null,
        groups: 2,
        pending: 3,
        lag: null,
        lagAtLeast: 3,
        lagAtMost: 9,
        oldestPendingAgeMs: null,
        memoryBytes: null,
        waiting: 0,
        nextDueAt: null,
      },
    ]);
  });

  test('of a stream without groups knows no lag', async () => {
    const stream = uniqueName('alone');
    const id = (await call('XADD', stream, '*', 'n', 1)) as string;
    const { streams } = await summariseStreams(redis, [stream], { memory: true, count: 3 });
    expect(streams).toEqual([
      {
        stream,
        length: 1,
        firstId: id,
        firstAgeMs: expect.any(Number),
        lastId: id,
        lastAgeMs: expect.any(Number),
        groups: 0,
        pending: 0,
        lag: null,
        lagAtLeast: null,
        lagAtMost: null,
        oldestPendingAgeMs: null,
        memoryBytes: expect.any(Number),
        waiting: 0,
        nextDueAt: null,
      },
    ]);
  });

  test('leaves out what the user may not read, and fails where that is everything', async () => {
    const server: TestRedis = await startRedis();
    const admin = await connectRedis({ url: server.url });
    await admin.client.call('XADD', 'mine:1', '1-0', 'n', '1');
    await admin.client.call('XADD', 'theirs:1', '1-0', 'n', '1');
    await admin.client.call('ACL', 'SETUSER', 'eve', 'on', '>pw', '+@all', '-memory', '~mine:*');
    const eve = await connectRedis({ url: `redis://eve:pw@127.0.0.1:${server.port}` });
    try {
      const { streams, denied } = await summariseStreams(eve, ['mine:1', 'theirs:1'], {
        memory: true,
        count: 3,
      });
      expect(streams.map(({ stream, memoryBytes }) => [stream, memoryBytes])).toEqual([['mine:1', null]]);
      expect(denied).toEqual(['theirs:1']);
      const none = summariseStreams(eve, ['theirs:1'], { memory: true, count: 3 });
      await expect(none).rejects.toMatchObject({ kind: 'auth', code: 'REDIS_NOPERM' });
    } finally {
      await Promise.all([eve.close(), admin.close()]);
      await server.stop();
    }
  });
});
