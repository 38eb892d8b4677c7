import type { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { type ClaimReport, type ClaimRequest, claimPending, requireFacts } from '../../src/streams/index.ts';
import {
  consumersOf,
  entriesOf,
  fillPending,
  type PendingRow,
  pendingOf,
  untilIdle,
} from '../support/pending.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { type ReplyLoser, startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { useOwnServers } from './own-servers.ts';

let redis: RedisConnection;
let stream: string;
/** Of the server that the tests run on. */
let old: boolean;
const call = (...words: (string | number | Buffer)[]) => redis.client.call(...(words as [string]));
const work = { signal: new AbortController().signal, waiting: () => undefined };

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
  const probe = uniqueName('probe');
  await redis.client.xadd(probe, '*', 'a', 'b');
  old = (await requireFacts(redis, probe)).maxDeletedId === null;
});
afterAll(() => redis.close());
beforeEach(() => {
  stream = uniqueName('orders');
});

/** Entries 1-0 to n-0; the defaults are those of a dead consumer. */
function rows(count: number, more: (n: number) => Partial<PendingRow> = () => ({})): PendingRow[] {
  return Array.from({ length: count }, (_, at) => ({
    id: `${at + 1}-0`,
    consumer: 'dead',
    ...more(at + 1),
  }));
}

function requestOf(more: Partial<ClaimRequest> = {}): ClaimRequest {
  return {
    ...{ stream, group: 'workers', to: 'worker', minIdleMs: 60_000, legacy: old },
    ...{ deadLetter: `${stream}:dead`, reason: 'max-deliveries', ...more },
  };
}

/** The report of a claim that went well, as far as it is not given. */
function reported(more: Partial<ClaimReport>): ClaimReport {
  return {
    ...{ stream, group: 'workers', to: 'worker', claimed: 0, deadLettered: 0, deadLetter: null },
    ...{ removed: 0, removedIds: [], kept: 0, keptIds: [], tooYoung: 0, notPending: 0 },
    ...{ stopped: false, ownerAlive: false, failure: null, ...more },
  };
}

const held = async (client = redis.client, name = stream) =>
  (await pendingOf(client, name, 'workers')).map(({ id, consumer, deliveries }) => [
    id,
    consumer,
    deliveries,
  ]);
const textOf = (fields: Buffer[]) => fields.map(String);

/** Redis 6.2 does not tell a claim which messages are gone: its way is taken beside the usual one. */
describe.each([
  ['as Redis 7 and later do it', false],
  ['as Redis 6.2 needs it', true],
])('%s', (_, older) => {
  let legacy: boolean;
  beforeAll(() => {
    legacy = older || old;
  });

  test('takes over what is idle for long enough, leaves the rest alone, and keeps delivery counts', async () => {
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead', deliveries: 3 },
      { id: '2-0', consumer: 'busy', idleMs: 1000 },
      { id: '3-0', consumer: 'gone', idleMs: 61_000, deliveries: 7 },
    ]);
    const report = await claimPending(redis, requestOf({ legacy }), work);
    expect(report).toEqual(reported({ claimed: 2, tooYoung: legacy ? 1 : null }));
    expect(await held()).toEqual([
      ['1-0', 'worker', 3],
      ['2-0', 'busy', 1],
      ['3-0', 'worker', 7],
    ]);
  });

  test('entries that were trimmed or deleted leave the list and are named', async () => {
    await fillPending(
      redis.client,
      stream,
      'workers',
      rows(6, (n) => ({ gone: n === 5 })),
    );
    await call('XTRIM', stream, 'MINID', '3-0');
    const report = await claimPending(redis, requestOf({ legacy }), work);
    const removedIds = ['1-0', '2-0', '5-0'];
    expect(report).toEqual(reported({ claimed: 3, removed: 3, removedIds, tooYoung: legacy ? 0 : null }));
    expect((await held()).map(([id]) => id)).toEqual(['3-0', '4-0', '6-0']);
  });

  test('what was delivered too often becomes a dead letter, whole, in one step with its acknowledgement', async () => {
    const binary = Buffer.from([0, 255, 13, 10, 128]);
    const large = Buffer.alloc(1_000_000, 'ä\0');
    const fields = ['body', large, 'x', binary, 'x', 'again', '', ''];
    const id = '1763721600123-7';
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead', deliveries: 2 },
      { id, consumer: 'dead', deliveries: 3, fields, idleMs: 3_600_000 },
    ]);
    const before = await serverMs();
    const report = await claimPending(redis, requestOf({ legacy, maxDeliveries: 3 }), work);
    expect(report).toEqual(reported({ claimed: 1, deadLettered: 1, deadLetter: `${stream}:dead` }));
    expect(await held()).toEqual([['1-0', 'worker', 2]]);
    const [letter, ...others] = await entriesOf(redis.client, `${stream}:dead`);
    expect(others).toEqual([]);
    const own = letter!.fields.slice(0, 20);
    const [lastDelivered, died] = [own[17], own[19]].map((time) => Date.parse(String(time)));
    expect(textOf(own)).toEqual([
      ...['dlq.fields', '10', 'dlq.reason', 'max-deliveries', 'dlq.stream', stream, 'dlq.id', id],
      ...['dlq.group', 'workers', 'dlq.consumer', 'dead', 'dlq.deliveries', '3'],
      ...['dlq.firstSeenAt', '2025-11-21T10:40:00.123Z'],
      ...['dlq.lastDeliveredAt', new Date(lastDelivered!).toISOString()],
      ...['dlq.deadAt', new Date(died!).toISOString()],
    ]);
    expect(died! - lastDelivered!).toBeGreaterThanOrEqual(3_600_000);
    expect(died! - lastDelivered!).toBeLessThan(3_610_000);
    expect(died!).toBeGreaterThanOrEqual(before);
    expect(died!).toBeLessThanOrEqual(await serverMs());
    const original = letter!.fields.slice(20);
    expect(original).toHaveLength(fields.length);
    const differing = fields.filter((field, at) => !original[at]!.equals(Buffer.from(field)));
    expect(differing).toEqual([]);
    // For the other groups of the stream.
    expect((await entriesOf(redis.client, stream)).map((entry) => entry.id)).toEqual(['1-0', id]);
  });

  test('an id that is no time has no first time, and none is made up', async () => {
    await fillPending(redis.client, stream, 'workers', rows(1));
    await claimPending(redis, requestOf({ legacy, maxDeliveries: 1 }), work);
    const [letter] = await entriesOf(redis.client, `${stream}:dead`);
    const names = letter!.fields.filter((_field, at) => at % 2 === 0);
    expect(textOf(names)).toEqual([
      ...['dlq.fields', 'dlq.reason', 'dlq.stream', 'dlq.id', 'dlq.group', 'dlq.consumer', 'dlq.deliveries'],
      ...['dlq.lastDeliveredAt', 'dlq.deadAt', 'body'],
    ]);
    expect(String(letter!.fields[1])).toBe('9');
  });

  test('chosen ids alone, each counted for what became of it', async () => {
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead' },
      { id: '2-0', consumer: 'dead', deliveries: 5 },
      { id: '3-0', consumer: 'dead', idleMs: 10 },
      { id: '4-0', consumer: 'dead', gone: true },
      { id: '5-0', consumer: 'dead' },
    ]);
    const ids = ['4-0', '1-0', '9-0', '2-0', '3-0', '1-0'];
    const report = await claimPending(redis, requestOf({ legacy, ids, maxDeliveries: 5 }), work);
    expect(report).toEqual(
      reported({
        ...{ claimed: 1, deadLettered: 1, deadLetter: `${stream}:dead`, removed: 1, removedIds: ['4-0'] },
        ...{ tooYoung: 1, notPending: 1 },
      }),
    );
    expect(await held()).toEqual([
      ['1-0', 'worker', 1],
      ['3-0', 'dead', 1],
      ['5-0', 'dead', 1],
    ]);
  });

  test('entries of one consumer alone', async () => {
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead' },
      { id: '2-0', consumer: 'other' },
      { id: '3-0', consumer: 'dead', gone: true },
    ]);
    const report = await claimPending(redis, requestOf({ legacy, from: 'dead' }), work);
    expect(report).toEqual(reported({ claimed: 1, removed: 1, removedIds: ['3-0'] }));
    expect(await held()).toEqual([
      ['1-0', 'worker', 1],
      ['2-0', 'other', 1],
    ]);
  });

  test('an entry with more than 3,950 fields stays pending and is named; its neighbours go on', async () => {
    const many = (pairs: number) => Array.from({ length: 2 * pairs }, (_field, at) => `f${at}`);
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead', deliveries: 3, fields: many(3951) },
      { id: '2-0', consumer: 'dead', deliveries: 3, fields: many(3950) },
      { id: '3-0', consumer: 'dead', deliveries: 3 },
    ]);
    const report = await claimPending(redis, requestOf({ legacy, maxDeliveries: 3 }), work);
    expect(report).toEqual(
      reported({ deadLettered: 2, deadLetter: `${stream}:dead`, kept: 1, keptIds: ['1-0'] }),
    );
    expect(await held()).toEqual([['1-0', 'dead', 3]]);
    const [letter] = await entriesOf(redis.client, `${stream}:dead`);
    expect(textOf(letter!.fields.slice(18))).toEqual(many(3950));
  });

  test('pages of every length end where the list ends', async () => {
    await fillPending(redis.client, stream, 'workers', rows(2000));
    const seen: string[] = [];
    const events = { entry: (outcome: string, id: string) => seen.push(`${outcome} ${id}`) };
    const report = await claimPending(redis, requestOf({ legacy, from: 'dead' }), work, events);
    expect(report.claimed).toBe(2000);
    expect(seen).toEqual(rows(2000).map(({ id }) => `claimed ${id}`));
    expect(new Set((await held()).map(([, consumer]) => consumer))).toEqual(new Set(['worker']));
  });

  test('large entries go in small pages, however many lie in a row', async () => {
    const body = 'x'.repeat(700_000);
    await fillPending(
      redis.client,
      stream,
      'workers',
      rows(10, () => ({ fields: ['body', body], deliveries: 3 })),
    );
    const pages: number[] = [];
    const progress = ({ deadLettered }: Readonly<ClaimReport>) => pages.push(deadLettered);
    await claimPending(redis, requestOf({ legacy, maxDeliveries: 3 }), work, { progress });
    expect(pages).toEqual([3, 6, 9, 10]);
  });

  test('a dead-letter key that is no stream: the error says so, the entry stays pending, the rest was claimed', async () => {
    await call('SET', `${stream}:dead`, 'no stream');
    await fillPending(redis.client, stream, 'workers', [
      { id: '1-0', consumer: 'dead' },
      { id: '2-0', consumer: 'dead', deliveries: 3 },
      { id: '3-0', consumer: 'dead' },
    ]);
    const { failure, ...report } = await claimPending(redis, requestOf({ legacy, maxDeliveries: 3 }), work);
    const { failure: none, ...expected } = reported({ claimed: 1, deadLetter: `${stream}:dead` });
    expect({ report, none }).toEqual({ report: expected, none: null });
    expect(failure).toMatchObject({
      kind: 'target',
      code: 'REDIS_WRONG_TYPE',
      message: `cannot append to dead-letter stream ${stream}:dead (${redis.label}): the key holds another kind of value`,
    });
    expect(await held()).toEqual([
      ['1-0', 'worker', 1],
      ['2-0', 'dead', 3],
      ['3-0', 'dead', 1],
    ]);
  });

  test('nothing pending: nothing is done, and nobody is made a consumer by a claim of an owner', async () => {
    await call('XGROUP', 'CREATE', stream, 'workers', '0', 'MKSTREAM');
    const report = await claimPending(redis, requestOf({ legacy, from: 'dead' }), work);
    expect(report).toEqual(reported({}));
    expect(await consumersOf(redis.client, stream, 'workers')).toEqual([]);
  });

  test('a group that is missing is an error with its name', async () => {
    await call('XADD', stream, '*', 'a', 'b');
    const { failure } = await claimPending(redis, requestOf({ legacy }), work);
    expect(failure).toMatchObject({ code: 'REDIS_NOGROUP', kind: 'failed' });
    expect(failure!.message).toContain('workers');
  });
});

async function serverMs(): Promise<number> {
  const [seconds, micros] = (await call('TIME')) as [string, string];
  return Number(seconds) * 1000 + Math.floor(Number(micros) / 1000);
}

test('times of dead letters are right in every month and leap year', async () => {
  const times = ['2004-02-29T23:59:59.999Z', '2100-02-28T00:00:00.000Z', '2100-03-01T12:00:00.001Z'];
  for (let month = 1; month <= 12; month += 1) {
    const two = String(month).padStart(2, '0');
    times.push(`2023-${two}-01T00:00:00.000Z`, `2024-${two}-28T23:59:59.500Z`);
  }
  times.sort();
  await fillPending(
    redis.client,
    stream,
    'workers',
    times.map((time) => ({ id: `${Date.parse(time)}-0`, consumer: 'dead' })),
  );
  await claimPending(redis, requestOf({ maxDeliveries: 1 }), work);
  const letters = await entriesOf(redis.client, `${stream}:dead`);
  expect(letters.map(({ fields }) => String(fields[15]))).toEqual(times);
});

describe('while things go wrong', () => {
  const { ends, own, connect } = useOwnServers();

  /** A third of them dead, some gone. */
  const mixed = (count: number) =>
    rows(count, (n) => ({
      deliveries: n % 3 === 0 ? 9 : 1,
      gone: n % 50 === 0,
      fields: ['body', `b${n}-${'x'.repeat(n % 3 === 0 ? 4000 : 10)}`],
    }));

  /** What a claim of {@link mixed} with nine deliveries ends with. */
  async function expectMixed(look: Redis, report: ClaimReport, count: number): Promise<void> {
    const all = mixed(count);
    const gone = all.filter((row) => row.gone).map(({ id }) => id);
    const dead = all.filter((row) => row.deliveries === 9 && !row.gone);
    const claimed = all.filter((row) => row.deliveries === 1 && !row.gone);
    expect(report).toEqual(
      reported({
        ...{ claimed: claimed.length, deadLettered: dead.length, deadLetter: `${stream}:dead` },
        ...{ removed: gone.length, removedIds: gone },
      }),
    );
    expect(await held(look)).toEqual(claimed.map(({ id }) => [id, 'worker', 1]));
    const letters = await entriesOf(look, `${stream}:dead`);
    const bodies = letters.map(({ fields }) => textOf(fields.slice(-2)));
    expect(bodies).toEqual(dead.map(({ fields }) => fields));
  }

  test('replies that are lost after the work was done: nothing is done twice, and the counts are exact', async () => {
    const { server, look } = await own();
    const loser: ReplyLoser = await startReplyLoser(server.port);
    ends.push(() => loser.stop());
    const through = await connect(`redis://127.0.0.1:${loser.port}`);
    await fillPending(look, stream, 'workers', mixed(6000));
    loser.loseNext();
    const request = requestOf({ maxDeliveries: 9 });
    const report = await claimPending(through, request, work, { progress: () => loser.loseNext() });
    expect(loser.lost).toBeGreaterThanOrEqual(6);
    await expectMixed(look, report, 6000);
    // The note of the last page is not left behind for long.
    for (const key of await look.keys('qctl:*')) expect(await look.ttl(key)).toBeGreaterThan(0);
  });

  test('connections that are cut again and again: it waits, says why, and ends with exact counts', async () => {
    const { server, look } = await own();
    const proxy = await startTcpProxy(server.port);
    ends.push(() => proxy.stop());
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await fillPending(look, stream, 'workers', mixed(6000));
    const said: string[] = [];
    const waiting = (who: string, reason: string | null) => said.push(`${who}: ${reason}`);
    const stop = proxy.cutRandomly({ everyMs: [60, 180], seed: 7 });
    let pages = 0;
    const progress = () => {
      pages += 1;
      if (pages % 2 === 1) proxy.cut();
    };
    const request = requestOf({ maxDeliveries: 9 });
    const report = await claimPending(through, request, { ...work, waiting }, { progress });
    stop();
    expect(proxy.accepted).toBeGreaterThan(3);
    expect(said.join()).toMatch(/^Redis: connection lost/);
    // It says, too, that it waits no longer.
    expect(said.at(-1)).toBe('Redis: null');
    await expectMixed(look, report, 6000);
  });

  test('Redis is restarted in the middle: the claim goes on, nothing is lost and nothing doubled', async () => {
    const { server, look } = await own({ aof: 'always' });
    const connection = await connect(server.url);
    await fillPending(look, stream, 'workers', mixed(9000));
    let restarted: Promise<void> | undefined;
    const progress = ({ claimed }: Readonly<ClaimReport>) => {
      if (claimed > 1500) restarted ??= server.restart();
    };
    const report = await claimPending(connection, requestOf({ maxDeliveries: 9 }), work, { progress });
    await restarted;
    await expectMixed(look, report, 9000);
  });

  test('stopped in the middle: the report says so, and the same claim goes on', async () => {
    const { server, look } = await own();
    const connection = await connect(server.url);
    await fillPending(look, stream, 'workers', mixed(6000));
    const stop = new AbortController();
    const first = await claimPending(
      connection,
      requestOf({ maxDeliveries: 9 }),
      { ...work, signal: stop.signal },
      { progress: ({ claimed }) => claimed > 1000 && stop.abort() },
    );
    expect(first).toMatchObject({ stopped: true, failure: null });
    expect(first.claimed).toBeGreaterThan(1000);
    expect(first.claimed).toBeLessThan(3000);
    const second = await claimPending(connection, requestOf({ maxDeliveries: 9 }), work);
    await expectMixed(
      look,
      {
        ...second,
        claimed: first.claimed + second.claimed,
        deadLettered: first.deadLettered + second.deadLettered,
        removed: first.removed + second.removed,
        removedIds: [...first.removedIds, ...second.removedIds],
        // Those that the first has claimed are fresh.
        tooYoung: second.tooYoung! - first.claimed,
      },
      6000,
    );
  });

  test('stopped while Redis is away: it does not wait for it', async () => {
    const { server, look } = await own();
    const proxy = await startTcpProxy(server.port);
    ends.push(() => proxy.stop());
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await fillPending(look, stream, 'workers', rows(3000));
    const stop = new AbortController();
    const report = await claimPending(
      through,
      requestOf({ from: 'dead' }),
      { signal: stop.signal, waiting: (_who, reason) => reason && stop.abort() },
      { progress: () => proxy.setBlocked('refuse') },
    );
    expect(report).toMatchObject({ stopped: true, failure: null, claimed: 1000 });
  });

  test('a Redis that does not come back ends the claim with its error, and what was done is counted', async () => {
    const { server, look } = await own();
    const proxy = await startTcpProxy(server.port);
    ends.push(() => proxy.stop());
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await fillPending(look, stream, 'workers', rows(3000));
    const events = { progress: () => proxy.setBlocked('refuse') };
    const impatient = { ...work, patienceMs: 300 };
    const report = await claimPending(through, requestOf({ from: 'dead' }), impatient, events);
    expect(report).toMatchObject({ stopped: false, claimed: 1000 });
    expect(report.failure).toMatchObject({ kind: 'target' });
    expect(report.failure!.message).toContain(`cannot claim from ${stream} workers`);
  });

  test('two claims at once share the work: each entry goes to one of them, each dead letter is made once', async () => {
    const { server, look } = await own();
    const two = await Promise.all([connect(server.url), connect(server.url)]);
    await fillPending(look, stream, 'workers', mixed(9000));
    const [a, b] = await Promise.all(
      two.map((connection, at) =>
        claimPending(connection, requestOf({ to: `worker-${at}`, maxDeliveries: 9 }), work),
      ),
    );
    const owners = (await held(look)).map(([, consumer]) => consumer);
    expect(owners.filter((name) => name === 'worker-0')).toHaveLength(a!.claimed);
    expect(owners.filter((name) => name === 'worker-1')).toHaveLength(b!.claimed);
    expect(a!.claimed).toBeGreaterThan(0);
    expect(b!.claimed).toBeGreaterThan(0);
    const shared = {
      ...a!,
      to: 'worker',
      tooYoung: 0,
      ...{ claimed: a!.claimed + b!.claimed, deadLettered: a!.deadLettered + b!.deadLettered },
      ...{ removed: a!.removed + b!.removed },
      removedIds: [...a!.removedIds, ...b!.removedIds].sort(
        (x, y) => Number.parseInt(x, 10) - Number.parseInt(y, 10),
      ),
    };
    await look.eval(
      "for _, p in ipairs(redis.call('XPENDING', KEYS[1], 'workers', '-', '+', 9000)) do redis.call('XCLAIM', KEYS[1], 'workers', 'worker', 0, p[1], 'JUSTID') end",
      1,
      stream,
    );
    await expectMixed(look, shared, 9000);
  });

  describe('Redis is out of memory', () => {
    async function full(): Promise<{ connection: RedisConnection; look: Redis }> {
      const { server, look } = await own();
      const connection = await connect(server.url);
      await fillPending(look, stream, 'workers', mixed(3000));
      await look.config('SET', 'maxmemory', '1kb');
      return { connection, look };
    }

    test('a dead letter is refused with advice, and its entry stays pending', async () => {
      const { connection, look } = await full();
      const { failure, ...report } = await claimPending(connection, requestOf({ maxDeliveries: 9 }), work);
      expect(failure).toMatchObject({ kind: 'target', code: 'REDIS_OOM' });
      expect(failure!.message).toBe(
        `cannot append to dead-letter stream ${stream}:dead (${connection.label}): Redis is out of memory (OOM): maxmemory reached`,
      );
      // 1-0 and 2-0 were claimed before 3-0 was to become a dead letter.
      const { failure: _none, ...expected } = reported({ claimed: 2, deadLetter: `${stream}:dead` });
      expect(report).toEqual(expected);
      expect((await held(look)).slice(0, 4)).toEqual([
        ['1-0', 'worker', 1],
        ['2-0', 'worker', 1],
        ['3-0', 'dead', 9],
        ['4-0', 'dead', 1],
      ]);
      expect(await held(look)).toHaveLength(3000);
      await look.config('SET', 'maxmemory', '0');
      const again = await claimPending(connection, requestOf({ maxDeliveries: 9 }), work);
      await expectMixed(look, { ...again, claimed: again.claimed + 2, tooYoung: 0 }, 3000);
    });

    test('a claim without dead letters needs no memory and goes through', async () => {
      const { connection, look } = await full();
      const report = await claimPending(connection, requestOf({ from: 'dead' }), work);
      expect(report).toMatchObject({ claimed: 2940, removed: 60, failure: null });
      expect(new Set((await held(look)).map(([, consumer]) => consumer))).toEqual(new Set(['worker']));
    });
  });

  test('an owner who comes back meanwhile keeps what it still has', async () => {
    const { server, look } = await own();
    const connection = await connect(server.url);
    await fillPending(look, stream, 'workers', rows(3000));
    // The time since the consumer itself was seen is what counts; its entries are an hour old.
    const ownerIdleMs = 200;
    await untilIdle(look, [stream, 'workers', 'dead'], ownerIdleMs);
    let back = false;
    // On the same connection, so that it comes between two pages. It reads its own entries, as a consumer
    // does that starts again: one that finds nothing new is not seen before Redis 7.2.
    const progress = () => {
      if (!back)
        void connection.client.xreadgroup('GROUP', 'workers', 'dead', 'COUNT', 1, 'STREAMS', stream, '0');
      back = true;
    };
    const report = await claimPending(connection, requestOf({ from: 'dead', ownerIdleMs }), work, {
      progress,
    });
    expect(report).toMatchObject({ ownerAlive: true, failure: null });
    expect(report.claimed).toBe(1000);
    const left = (await held(look)).filter(([, consumer]) => consumer === 'dead');
    expect(left).toHaveLength(3000 - report.claimed);
  });
});
