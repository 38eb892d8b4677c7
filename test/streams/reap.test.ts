import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import {
  type Consumer,
  type ReapReport,
  type ReapRequest,
  readConsumers,
  reapConsumer,
  requireFacts,
} from '../../src/streams/index.ts';
import {
  consumersOf,
  entriesOf,
  fillPending,
  type PendingRow,
  pendingOf,
  untilIdle,
} from '../support/pending.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { useOwnServers } from './own-servers.ts';

/** A consumer that was not seen for so long is dead here. */
const AWAY_MS = 300;
const work = { signal: new AbortController().signal, waiting: () => undefined };
const { ends, own, connect } = useOwnServers();
let redis: RedisConnection;
let stream: string;
let legacy: boolean;

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  const probe = uniqueName('probe');
  await redis.client.xadd(probe, '*', 'a', 'b');
  legacy = (await requireFacts(redis, probe)).maxDeletedId === null;
});
afterAll(async () => {
  await redis.close();
});
beforeEach(() => {
  stream = uniqueName('orders');
});

function rows(count: number, more: (n: number) => Partial<PendingRow> = () => ({})): PendingRow[] {
  return Array.from({ length: count }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'dead', ...more(at + 1) }));
}

function requestOf(more: Partial<ReapRequest> = {}): ReapRequest {
  return {
    ...{ stream, group: 'workers', to: 'worker', legacy, deadLetter: `${stream}:dead` },
    ...{ reason: 'max-deliveries', ...more },
  };
}

/** The consumer as a plan sees it, once it is away for long enough. */
async function deadOne(connection = redis, name = 'dead'): Promise<Consumer> {
  await untilIdle(connection.client, [stream, 'workers', name], AWAY_MS);
  const all = await readConsumers(connection, stream, 'workers');
  return all.find(({ consumer }) => consumer === name)!;
}

function reported(dead: Consumer, more: Partial<ReapReport>): ReapReport {
  const { consumer, idleMs, pending } = dead;
  return {
    ...{ stream, group: 'workers', consumer, idleMs, pending, outcome: 'deleted' },
    ...{ claimed: 0, deadLettered: 0, removed: 0, removedIds: [], kept: 0 },
    ...{ to: pending > 0 ? 'worker' : null, failure: null, ...more },
  };
}

const held = async (client = redis.client) =>
  (await pendingOf(client, stream, 'workers')).map(({ id, consumer, deliveries }) => [
    id,
    consumer,
    deliveries,
  ]);
const names = (client = redis.client) => consumersOf(client, stream, 'workers');

test('a dead consumer is emptied, its dead letters are made, and it is deleted', async () => {
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'dead', deliveries: 2, idleMs: 10 },
    { id: '2-0', consumer: 'dead', gone: true },
    { id: '3-0', consumer: 'dead', deliveries: 3 },
    { id: '4-0', consumer: 'other', deliveries: 3 },
  ]);
  const dead = await deadOne();
  const report = await reapConsumer(redis, requestOf({ maxDeliveries: 3 }), dead, AWAY_MS, work);
  expect(report).toEqual(
    reported(dead, { claimed: 1, deadLettered: 1, removed: 1, removedIds: ['2-0'], pending: 3 }),
  );
  expect(await names()).toEqual(['other', 'worker']);
  expect(await held()).toEqual([
    ['1-0', 'worker', 2],
    ['4-0', 'other', 3],
  ]);
  const [letter, ...others] = await entriesOf(redis.client, `${stream}:dead`);
  expect([String(letter!.fields[7]), others]).toEqual(['3-0', []]);
});

test('one with nothing pending is deleted without anybody to take over', async () => {
  await fillPending(redis.client, stream, 'workers', rows(1));
  await redis.client.xack(stream, 'workers', '1-0');
  const dead = await deadOne();
  const report = await reapConsumer(redis, requestOf({ to: null }), dead, AWAY_MS, work);
  expect(report).toEqual(reported(dead, {}));
  expect(await names()).toEqual([]);
});

test('one that was planned as empty and has an entry by now is left, and loses nothing', async () => {
  await fillPending(redis.client, stream, 'workers', rows(1));
  const dead = await deadOne();
  const planned = { ...dead, pending: 0 };
  const report = await reapConsumer(redis, requestOf({ to: null }), planned, AWAY_MS, work);
  expect(report).toEqual(reported(planned, { outcome: 'pending' }));
  expect(await held()).toEqual([['1-0', 'dead', 1]]);
  expect(await names()).toEqual(['dead']);
});

test('one that was seen again before the work began is left as it is', async () => {
  await fillPending(redis.client, stream, 'workers', rows(3));
  const dead = await deadOne();
  await redis.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '0');
  const report = await reapConsumer(redis, requestOf(), dead, 60_000, work);
  expect(report).toEqual(reported(dead, { outcome: 'alive' }));
  expect((await held()).map(([, consumer]) => consumer)).toEqual(['dead', 'dead', 'dead']);
  expect(await names()).toEqual(['dead']);
});

test('one that holds nothing and was seen again is not deleted', async () => {
  await fillPending(redis.client, stream, 'workers', rows(1));
  await redis.client.xack(stream, 'workers', '1-0');
  const dead = await deadOne();
  await redis.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '0');
  const report = await reapConsumer(redis, requestOf({ to: null }), dead, 60_000, work);
  expect(report).toEqual(reported(dead, { outcome: 'alive' }));
  expect(await names()).toEqual(['dead']);
});

test('one that comes back in the middle keeps what it still has, and is not deleted', async () => {
  await fillPending(redis.client, stream, 'workers', rows(2500));
  const dead = await deadOne();
  let back = false;
  // On the same connection, so that it comes between two pages.
  const progress = () => {
    if (!back) void redis.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '0');
    back = true;
  };
  const report = await reapConsumer(redis, requestOf(), dead, AWAY_MS, work, { progress });
  expect(report).toEqual(reported(dead, { outcome: 'alive', claimed: 1000 }));
  expect((await held()).filter(([, consumer]) => consumer === 'dead')).toHaveLength(1500);
});

test('one that gets an entry while it is being emptied is emptied again', async () => {
  await fillPending(redis.client, stream, 'workers', rows(2));
  const dead = await deadOne();
  let given = false;
  const progress = () => {
    if (given) return;
    given = true;
    void redis.client.xadd(stream, '9-0', 'a', 'b');
    void redis.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '>');
  };
  // With no least time away, to have been seen is no reason to leave it.
  const report = await reapConsumer(redis, requestOf(), dead, 0, work, { progress });
  expect(report).toEqual(reported(dead, { claimed: 3 }));
  expect(await held()).toEqual([
    ['1-0', 'worker', 1],
    ['2-0', 'worker', 1],
    ['9-0', 'worker', 1],
  ]);
  expect(await names()).toEqual(['worker']);
});

test('one that gets entries again and again is given up and keeps them', async () => {
  await fillPending(redis.client, stream, 'workers', rows(1));
  const dead = await deadOne();
  let next = 9;
  const progress = () => {
    next += 1;
    void redis.client.xadd(stream, `${next}-0`, 'a', 'b');
    void redis.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '>');
  };
  const report = await reapConsumer(redis, requestOf(), dead, 0, work, { progress });
  expect(report.outcome).toBe('pending');
  expect(await names()).toEqual(['dead', 'worker']);
  const owners = (await held()).map(([, consumer]) => consumer);
  expect(owners).toHaveLength(next - 9 + 1);
  expect(owners.at(-1)).toBe('dead');
});

test('an entry with too many fields stays with its consumer, which is not deleted', async () => {
  const many = Array.from({ length: 8000 }, (_, at) => `f${at}`);
  await fillPending(redis.client, stream, 'workers', [
    { id: '1-0', consumer: 'dead', deliveries: 3, fields: many },
    { id: '2-0', consumer: 'dead' },
  ]);
  const dead = await deadOne();
  const report = await reapConsumer(redis, requestOf({ maxDeliveries: 3 }), dead, AWAY_MS, work);
  expect(report).toEqual(reported(dead, { outcome: 'pending', claimed: 1, kept: 1 }));
  expect(await held()).toEqual([
    ['1-0', 'dead', 3],
    ['2-0', 'worker', 1],
  ]);
  expect(await names()).toEqual(['dead', 'worker']);
});

test('one that somebody else has deleted is gone', async () => {
  await fillPending(redis.client, stream, 'workers', rows(1));
  await redis.client.xack(stream, 'workers', '1-0');
  const dead = await deadOne();
  await redis.client.call('XGROUP', 'DELCONSUMER', stream, 'workers', 'dead');
  const report = await reapConsumer(redis, requestOf({ to: null }), dead, AWAY_MS, work);
  expect(report).toEqual(reported(dead, { outcome: 'gone' }));
});

test('a dead-letter key that is no stream: it fails, and nothing is deleted', async () => {
  await redis.client.set(`${stream}:dead`, 'no stream');
  await fillPending(redis.client, stream, 'workers', [{ id: '1-0', consumer: 'dead', deliveries: 3 }]);
  const dead = await deadOne();
  const report = await reapConsumer(redis, requestOf({ maxDeliveries: 3 }), dead, AWAY_MS, work);
  expect({ ...report, failure: null }).toEqual(reported(dead, { outcome: 'failed' }));
  expect(report.failure).toMatchObject({ code: 'REDIS_WRONG_TYPE' });
  expect(await held()).toEqual([['1-0', 'dead', 3]]);
});

test('stopped in the middle: it says so, nothing is deleted, and the next one goes on', async () => {
  await fillPending(redis.client, stream, 'workers', rows(2500));
  const dead = await deadOne();
  const stop = new AbortController();
  const stopped = { ...work, signal: stop.signal };
  const report = await reapConsumer(redis, requestOf(), dead, AWAY_MS, stopped, {
    progress: () => stop.abort(),
  });
  expect(report).toEqual(reported(dead, { outcome: 'stopped', claimed: 1000 }));
  expect(await names()).toEqual(['dead', 'worker']);
  const again = await deadOne();
  expect(await reapConsumer(redis, requestOf(), again, AWAY_MS, work)).toEqual(
    reported(again, { claimed: 1500 }),
  );
  expect(await names()).toEqual(['worker']);
});

describe('while things go wrong', () => {
  test('replies that are lost, that of the deletion too: exact counts, and nobody else is said to have deleted it', async () => {
    const { server, look } = await own();
    const loser = await startReplyLoser(server.port);
    ends.push(() => loser.stop());
    const through = await connect(`redis://127.0.0.1:${loser.port}`);
    await fillPending(look, stream, 'workers', rows(1500));
    const dead = await deadOne(through);
    loser.loseNext();
    // The last page is a short one: what comes after it is the note's deletion, then that of the consumer.
    let pages = 0;
    const progress = () => {
      pages += 1;
      loser.loseNext();
    };
    const report = await reapConsumer(through, requestOf(), dead, AWAY_MS, work, { progress });
    expect(report).toEqual(reported(dead, { claimed: 1500 }));
    expect(loser.lost).toBe(pages + 1);
    expect(await names(look)).toEqual(['worker']);

    await look.call('XGROUP', 'CREATECONSUMER', stream, 'workers', 'empty');
    const empty = await deadOne(through, 'empty');
    loser.loseNext();
    expect(await reapConsumer(through, requestOf({ to: null }), empty, AWAY_MS, work)).toEqual(
      reported(empty, {}),
    );
    expect(loser.lost).toBe(pages + 2);
    for (const key of await look.keys('qctl:*')) expect(await look.ttl(key)).toBeGreaterThan(0);
  });

  test('Redis is restarted in the middle: it goes on', async () => {
    const { server, look } = await own({ aof: 'always' });
    const connection = await connect(server.url);
    await fillPending(look, stream, 'workers', rows(4000));
    const dead = await deadOne(connection);
    let restarted: Promise<void> | undefined;
    const progress = () => {
      restarted ??= server.restart();
    };
    // A consumer is not known to have been away any longer than the server is up.
    const report = await reapConsumer(connection, requestOf(), dead, 0, work, { progress });
    await restarted;
    expect(report).toEqual(reported(dead, { claimed: 4000 }));
    expect(await names(look)).toEqual(['worker']);
    expect(await held(look)).toHaveLength(4000);
  });

  test('Redis is out of memory: dead letters fail with advice, their entries stay, the consumer too', async () => {
    const { server, look } = await own();
    const connection = await connect(server.url);
    await fillPending(
      look,
      stream,
      'workers',
      rows(3, (n) => ({ deliveries: n === 2 ? 9 : 1 })),
    );
    await look.config('SET', 'maxmemory', '1kb');
    const dead = await deadOne(connection);
    const report = await reapConsumer(connection, requestOf({ maxDeliveries: 9 }), dead, AWAY_MS, work);
    expect({ ...report, failure: null }).toEqual(reported(dead, { outcome: 'failed', claimed: 1 }));
    expect(report.failure).toMatchObject({ kind: 'target', code: 'REDIS_OOM' });
    expect(await held(look)).toEqual([
      ['1-0', 'worker', 1],
      ['2-0', 'dead', 9],
      ['3-0', 'dead', 1],
    ]);
    // Without dead letters no memory is needed; but before Redis 7.0 XGROUP is refused whatever it does.
    const again = await reapConsumer(connection, requestOf(), await deadOne(connection), AWAY_MS, work);
    expect(again).toMatchObject({ outcome: legacy ? 'failed' : 'deleted', claimed: 2 });
    expect(again.failure?.code).toBe(legacy ? 'REDIS_OOM' : undefined);
  });
});
