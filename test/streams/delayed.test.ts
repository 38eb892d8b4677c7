import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { DELAYED_INDEX, streamKeys } from '../../src/model/keys.ts';
import {
  DueMover,
  forgetIfIdle,
  holdMessages,
  moveAllDue,
  releaseMessages,
  removeHeldMessages,
  type WaitingMessage,
  waitingFor,
  waitingMessages,
} from '../../src/streams/index.ts';
import { QUIET } from '../../src/streams/work.ts';
import { type LaterMessage, laterEntries, putAside, sinkInto } from '../support/delayed.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

const PAST = 1_000_000_000_000;
const FUTURE = 9_000_000_000_000;

async function idsIn(stream: string, { client } = redis): Promise<string[]> {
  return (await client.xrange(stream, '-', '+')).map(([, fields]) => fields[1]!);
}

async function move(stream: string, from = redis, maxLen?: number) {
  const mover = new DueMover(from, stream, maxLen);
  const report = await moveAllDue(mover, QUIET);
  await mover.close();
  return report;
}

describe('what is due', () => {
  test('comes into the stream by due time, of equal times as it was put aside, and the rest waits', async () => {
    const stream = uniqueName('due');
    const messages = [
      ...['z', 'a', 'm'].map((id) => ({ id, dueMs: PAST + 5 })),
      { id: 'later', dueMs: FUTURE },
      { id: 'first', dueMs: PAST },
    ];
    await putAside(redis.client, stream, messages);
    const report = await move(stream);
    expect(report).toMatchObject({ moved: 4, lost: 0, waitingBefore: 5, waiting: 1, nextDueMs: FUTURE });
    expect(await idsIn(stream)).toEqual(['first', 'z', 'a', 'm']);
    const [[, fields]] = (await redis.client.xrange(stream, '-', '+', 'COUNT', 1)) as [[string, string[]]];
    expect(fields).toEqual(['id', 'first', 'body', 'body of first', 'source', 'jobs', 'run', 'run-1']);
    expect(await waitingFor(redis, stream)).toEqual({ waiting: 1, nextDueMs: FUTURE, lastDueMs: FUTURE });
    expect(await redis.client.hlen(streamKeys(stream).delayedEntries)).toBe(1);
    expect(await redis.client.hgetall(streamKeys(stream).delayedCounts)).toMatchObject({
      'run-1:moved': '4',
    });
    expect(await move(stream)).toMatchObject({ moved: 0, waiting: 1 });
  });

  test('is due by the clock of Redis, never before', async () => {
    const stream = uniqueName('due');
    const [seconds, micros] = await redis.client.time();
    const dueMs = Number(seconds) * 1000 + Math.floor(Number(micros) / 1000) + 300;
    await putAside(redis.client, stream, [{ id: 'soon', dueMs }]);
    await waitFor(async () => (await move(stream)).moved === 1, { what: 'the message' });
    const [[id]] = (await redis.client.xrange(stream, '-', '+')) as [[string, string[]]];
    expect(Number(id.split('-')[0])).toBeGreaterThanOrEqual(dueMs);
  });

  test('of a megabyte and of any bytes arrives as it was, a few at a step', async () => {
    const stream = uniqueName('due');
    const body = Buffer.alloc(1024 * 1024, Buffer.from([0, 255, 128, 10, 13]));
    const ids = ['a', 'b', 'c', 'd', 'e'];
    await putAside(
      redis.client,
      stream,
      ids.map((id, i) => ({ id, dueMs: PAST + i, body })),
    );
    const step = await new DueMover(redis, stream).step(QUIET);
    expect(step).toMatchObject({ moved: 2, waiting: 3 });
    expect(await move(stream)).toMatchObject({ moved: 3 });
    const raw = (await redis.client.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][];
    expect(raw.map(([, fields]) => fields[1]!.toString())).toEqual(ids);
    expect(raw.every(([, fields]) => fields[3]!.equals(body))).toBe(true);
  });

  test('100,000 are moved in short steps by three at once, and none of them twice', async () => {
    const stream = uniqueName('due');
    const messages = Array.from({ length: 100_000 }, (_, i) => ({ id: String(i), dueMs: PAST + (i % 100) }));
    await putAside(redis.client, stream, messages);
    const others = await Promise.all([1, 2].map(() => connectRedis({ url: sharedRedisUrl() })));
    ends.push(...others.map((one) => () => one.close()));
    const reports = await Promise.all([redis, ...others].map((one) => move(stream, one)));
    expect(reports.reduce((sum, { moved }) => sum + moved, 0)).toBe(messages.length);
    expect(Math.max(...reports.map(({ moved }) => moved))).toBeLessThan(messages.length);
    expect(new Set(await idsIn(stream)).size).toBe(messages.length);
    expect(await redis.client.xlen(stream)).toBe(messages.length);
    await redis.client.del(stream);
  });

  test('keeps the stream at the length that the run has asked for', async () => {
    const stream = uniqueName('due');
    await putAside(
      redis.client,
      stream,
      Array.from({ length: 1000 }, (_, i) => ({ id: `${i}`, dueMs: PAST })),
    );
    await move(stream, redis, 100);
    expect(await redis.client.xlen(stream)).toBeLessThan(300);
  });
});

describe('a step', () => {
  test('whose reply was lost has moved its messages once, and they are counted', async () => {
    const server = await startRedis();
    const loser = await startReplyLoser(server.port);
    const behind = await connectRedis({ url: `redis://127.0.0.1:${loser.port}` });
    ends.push(
      () => server.stop(),
      () => loser.stop(),
      () => behind.close(),
    );
    await putAside(
      behind.client,
      'orders',
      Array.from({ length: 700 }, (_, i) => ({ id: `${i}`, dueMs: PAST })),
    );
    const mover = new DueMover(behind, 'orders');
    expect((await mover.step(QUIET)).moved).toBe(500);
    loser.loseNext();
    expect(await moveAllDue(mover, QUIET)).toMatchObject({ moved: 200, waiting: 0, failure: null });
    expect(loser.lost).toBe(1);
    expect(await behind.client.xlen('orders')).toBe(700);
  });

  test('goes on where Redis is full: moving takes no memory', async () => {
    const server = await startRedis();
    const full = await connectRedis({ url: server.url });
    ends.push(
      () => server.stop(),
      () => full.close(),
    );
    await putAside(
      full.client,
      'orders',
      Array.from({ length: 600 }, (_, i) => ({ id: `${i}`, dueMs: PAST })),
    );
    await full.client.config('SET', 'maxmemory', '1');
    await expect(full.client.xadd('orders', '*', 'a', 'b')).rejects.toThrow('OOM');
    expect(await move('orders', full)).toMatchObject({ moved: 600, waiting: 0, failure: null });
    expect(new Set(await idsIn('orders', full)).size).toBe(600);
  });

  test('that Redis refuses changes nothing, and says what is wrong', async () => {
    const stream = uniqueName('due');
    await putAside(redis.client, stream, [{ id: 'a', dueMs: PAST }]);
    await redis.client.set(stream, 'no stream');
    const report = await move(stream);
    expect(report).toMatchObject({ moved: 0, failure: { code: 'REDIS_WRONG_TYPE' } });
    expect((await waitingFor(redis, stream)).waiting).toBe(1);
    await redis.client.del(stream);
    expect(await move(stream)).toMatchObject({ moved: 1, failure: null });
  });

  test('by a user who lacks a right changes nothing: no message is moved that cannot be taken out', async () => {
    const server = await startRedis();
    const admin = await connectRedis({ url: server.url });
    ends.push(
      () => server.stop(),
      () => admin.close(),
    );
    await putAside(admin.client, 'orders', [{ id: 'a', dueMs: PAST }]);
    for (const missing of ['zrem', 'hdel', 'hincrby', 'xadd']) {
      await admin.client.call('ACL', 'SETUSER', 'mover', 'on', '>secret', '~*', '&*', '+@all', `-${missing}`);
      const limited = await connectRedis({ url: server.url.replace('redis://', 'redis://mover:secret@') });
      const report = await move('orders', limited);
      await limited.close();
      expect(report, missing).toMatchObject({ moved: 0, failure: { code: 'REDIS_NOPERM' } });
      expect(await admin.client.xlen('orders'), missing).toBe(0);
      expect((await waitingFor(admin, 'orders')).waiting, missing).toBe(1);
    }
  });

  test('passes over a message whose content is gone, and counts it as lost', async () => {
    const stream = uniqueName('due');
    await putAside(
      redis.client,
      stream,
      ['a', 'b', 'c'].map((id) => ({ id, dueMs: PAST })),
    );
    const { delayed, delayedEntries, delayedCounts } = streamKeys(stream);
    const [first] = await redis.client.zrange(delayed, '0', '0');
    await redis.client.hdel(delayedEntries, first!);
    expect(await move(stream)).toMatchObject({ moved: 2, lost: 1, waiting: 0 });
    expect(await redis.client.hget(delayedCounts, 'run-1:lost')).toBe('1');
  });
});

describe('putting aside', () => {
  test('is done once, however often the append is repeated, and a redelivery is suppressed', async () => {
    const stream = uniqueName('aside');
    const sink = sinkInto(redis.client, stream, 'run-1');
    const entries = laterEntries([
      { id: 'a', dueMs: FUTURE },
      { id: 'b', dueMs: FUTURE },
    ]);
    const mark = { kind: 'ledger' as const, deadlineMs: Date.now() + 60_000 };
    expect(await sink.append(entries, mark)).toMatchObject({ appended: 0, scheduled: 2, suppressed: 0 });
    expect(await sink.append(entries, mark)).toMatchObject({ appended: 0, scheduled: 0, suppressed: 2 });
    await sink.openLane(0, '1');
    const lane = { kind: 'lane' as const, lane: 0, fence: '1', token: '1.1', note: '7', keepIds: true };
    const third = laterEntries([{ id: 'c', dueMs: FUTURE }]);
    await sink.append(third, lane);
    const again = sinkInto(redis.client, stream, 'run-1');
    const { states } = await again.openLane(0, '2');
    expect(states[0]).toMatchObject({ token: '1.1', ids: ['c'] });
    expect((await waitingFor(redis, stream)).waiting).toBe(3);
    const checkpoint = streamKeys(stream).checkpoint('run-1', 0);
    expect(await redis.client.hgetall(checkpoint)).toMatchObject({ open: '1', scheduled: '1' });
  });

  test('that Redis refuses has appended nothing either', async () => {
    const stream = uniqueName('aside');
    const { delayed } = streamKeys(stream);
    await redis.client.set(delayed, 'no set');
    const sink = sinkInto(redis.client, stream, 'run-1');
    const [message] = [{ id: 'a', dueMs: FUTURE }];
    const good = laterEntries([{ id: 'b', dueMs: 0 }]).delayed!;
    const mixed = { ...laterEntries([message!]), rows: good.rows, ids: ['b'], count: 1 };
    const mark = { kind: 'ledger' as const, deadlineMs: Date.now() + 60_000 };
    await expect(sink.append(mixed, mark)).rejects.toThrow('WRONGTYPE');
    expect(await redis.client.exists(stream)).toBe(0);
    await redis.client.del(delayed);
    expect(await sink.append(mixed, mark)).toMatchObject({ appended: 1, scheduled: 1 });
  });

  test('of streams with one hash tag keeps them apart', async () => {
    const tag = uniqueName('tag');
    await putAside(redis.client, `a{${tag}}`, [{ id: 'of a', dueMs: PAST }]);
    await putAside(redis.client, `b{${tag}}`, [{ id: 'of b', dueMs: PAST }]);
    await move(`a{${tag}}`);
    await move(`b{${tag}}`);
    expect(await idsIn(`a{${tag}}`)).toEqual(['of a']);
    expect(await idsIn(`b{${tag}}`)).toEqual(['of b']);
  });

  test('goes to the partitions of a cluster, and each is moved where it lies', async () => {
    const cluster = await startCluster();
    const inCluster = await connectRedis({ cluster: { nodes: cluster.seeds } });
    ends.push(
      () => cluster.stop(),
      () => inCluster.close(),
    );
    const messages = Array.from({ length: 120 }, (_, i) => ({ id: `m${i}`, dueMs: PAST }));
    await putAside(inCluster.client, 'orders', messages, { partitions: 6 });
    const index = await inCluster.client.zrange(DELAYED_INDEX, '0', '-1');
    expect(index.sort()).toEqual(Array.from({ length: 6 }, (_, p) => `orders:{${p}}`));
    for (const stream of index) expect((await move(stream, inCluster)).moved).toBeGreaterThan(0);
    const ids = await Promise.all(index.map((stream) => idsIn(stream, inCluster)));
    expect(ids.flat().sort()).toEqual(messages.map(({ id }) => id).sort());
  });
});

describe('the index of streams', () => {
  test('forgets a stream that nothing waits for, a day after it was announced, and no sooner', async () => {
    const stream = uniqueName('index');
    await putAside(redis.client, stream, [{ id: 'a', dueMs: PAST }]);
    const now = Date.now();
    expect(await forgetIfIdle(redis, stream, now + 2 * 86_400_000)).toBe(false);
    await move(stream);
    expect(await forgetIfIdle(redis, stream, now)).toBe(false);
    expect(await forgetIfIdle(redis, stream, now + 2 * 86_400_000)).toBe(true);
    expect(await redis.client.zscore(DELAYED_INDEX, stream)).toBeNull();
    await putAside(redis.client, stream, [{ id: 'b', dueMs: PAST }]);
    expect(await redis.client.zscore(DELAYED_INDEX, stream)).not.toBeNull();
  });
});

describe('messages that wait', () => {
  const idsOf = async (stream: string, where?: 'free' | 'held'): Promise<string[]> => {
    const ids: string[] = [];
    for await (const page of waitingMessages(redis, stream, QUIET, where))
      ids.push(...page.map(({ id }) => id));
    return ids;
  };

  test('can be read in the order of their times, whatever the times', async () => {
    const times = fc.array(fc.integer({ min: PAST, max: PAST + 3 }), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(times, async (dueMs) => {
        const stream = uniqueName('read');
        const messages: LaterMessage[] = dueMs.map((due, i) => ({ id: `é:${i}`, dueMs: due }));
        await putAside(redis.client, stream, messages);
        const expected = messages.toSorted((a, b) => a.dueMs - b.dueMs).map(({ id }) => id);
        expect(await idsOf(stream)).toEqual(expected);
      }),
      { numRuns: 30 },
    );
  });

  test('can be read page by page, also while those that were read are taken away', async () => {
    const stream = uniqueName('read');
    await putAside(
      redis.client,
      stream,
      Array.from({ length: 1700 }, (_, i) => ({ id: `${i}`, dueMs: FUTURE })),
    );
    expect(await idsOf(stream)).toEqual(Array.from({ length: 1700 }, (_, i) => String(i)));
    const taken: WaitingMessage[] = [];
    for await (const page of waitingMessages(redis, stream, QUIET)) {
      const held = await holdMessages(
        redis,
        stream,
        page.map(({ member }) => member),
        QUIET,
      );
      expect(held).toHaveLength(page.length);
      expect(await removeHeldMessages(redis, stream, held, QUIET)).toEqual(held);
      taken.push(...page);
    }
    expect(taken.map(({ id }) => id)).toEqual(Array.from({ length: 1700 }, (_, i) => String(i)));
    expect(taken[0]!.fields!.map(([name, value]) => [String(name), String(value)])[0]).toEqual(['id', '0']);
    expect((await waitingFor(redis, stream)).waiting).toBe(0);
    expect(await redis.client.hget(streamKeys(stream).delayedCounts, 'run-1:taken')).toBe('1700');
  });

  test('that somebody has in hand are not moved, and are found again and given back after a crash', async () => {
    const stream = uniqueName('hold');
    await putAside(
      redis.client,
      stream,
      ['a', 'b', 'c'].map((id) => ({ id, dueMs: PAST })),
    );
    const { value: page } = await waitingMessages(redis, stream, QUIET).next();
    const [a, b] = (page as WaitingMessage[]).map(({ member }) => member);
    expect(await holdMessages(redis, stream, [a!, b!], QUIET)).toEqual([a, b]);
    expect(await move(stream)).toMatchObject({ moved: 1 });
    expect(
      await holdMessages(
        redis,
        stream,
        (page as WaitingMessage[]).map(({ member }) => member),
        QUIET,
      ),
    ).toEqual([]);
    expect(await idsOf(stream, 'held')).toEqual(['a', 'b']);
    expect((await waitingFor(redis, stream)).waiting).toBe(2);
    expect(await releaseMessages(redis, stream, [b!], QUIET)).toEqual([b]);
    await move(stream);
    expect(await idsIn(stream)).toEqual(['c', 'b']);
  });
});
