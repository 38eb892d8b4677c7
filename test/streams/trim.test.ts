import fc from 'fast-check';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { compareStreamIds } from '../../src/model/stream-id.ts';
import {
  planTrim,
  refuseLoss,
  requireFacts,
  type TrimBound,
  type TrimOptions,
  type TrimPlan,
  trimAsPlanned,
} from '../../src/streams/index.ts';
import { fillPending, pendingOf } from '../support/pending.ts';
import { startTcpProxy } from '../support/proxy.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { useOwnServers } from './own-servers.ts';

const work = { signal: new AbortController().signal, waiting: () => undefined };
const EXACT: TrimOptions = { force: false, approximate: false };
const { ends, own, connect } = useOwnServers();
let redis: RedisConnection;
let stream: string;
const call = (...words: (string | number)[]) => redis.client.call(...(words as [string]));

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(async () => {
  await redis.close();
});
beforeEach(() => {
  stream = uniqueName('orders');
});

/** Entries 1-0 to n-0. */
async function fill(count: number, client: RedisConnection['client'] = redis.client): Promise<void> {
  for (let at = 0; at < count; at += 5000) {
    const pipeline = client.pipeline();
    for (let n = at + 1; n <= Math.min(count, at + 5000); n += 1) pipeline.xadd(stream, `${n}-0`, 'n', n);
    await pipeline.exec();
  }
}

/** A group that was given all up to an id. */
const groupAt = (group: string, id: string) => call('XGROUP', 'CREATE', stream, group, id);

async function planFor(bound: TrimBound, connection = redis): Promise<TrimPlan> {
  return planTrim(connection, await requireFacts(connection, stream), bound);
}

async function idsLeft(client: RedisConnection['client'] = redis.client): Promise<string[]> {
  return ((await client.call('XRANGE', stream, '-', '+')) as [string][]).map(([id]) => id);
}

const ok = (trimmed: number, lengthAfter: number | null) => ({
  trimmed,
  lengthAfter,
  stopped: false,
  failure: null,
});

test('so many of the newest stay', async () => {
  await fill(5);
  const plan = await planFor({ kind: 'maxLen', length: 2 });
  expect(plan).toEqual({
    ...{ stream, length: 5, below: '3-1', cut: 3, neededFrom: null, losses: [], groups: 0 },
  });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(3, 2));
  expect(await idsLeft()).toEqual(['4-0', '5-0']);
});

test('where somebody else cuts it meanwhile, no fewer stay than were to be kept', async () => {
  await fill(3000);
  const stale = await requireFacts(redis, stream);
  await redis.client.xtrim(stream, 'MAXLEN', '=', 2700);
  const plan = await planTrim(redis, stale, { kind: 'maxLen', length: 2500 });
  expect(plan).toMatchObject({ length: 2700, cut: 200, below: '500-1' });
  await redis.client.xtrim(stream, 'MAXLEN', '=', 2600);
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(100, 2500));
  const short = await planTrim(redis, stale, { kind: 'maxLen', length: 2800 });
  expect(short).toMatchObject({ length: 2500, cut: 0, below: null });
});

test('what came from an id on stays', async () => {
  await fill(5);
  const plan = await planFor({ kind: 'minId', id: '4-0' });
  expect(plan).toMatchObject({ below: '4-0', cut: 3, losses: [] });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(3, 2));
  expect(await idsLeft()).toEqual(['4-0', '5-0']);
});

test('what every group has acknowledged goes, nothing else', async () => {
  await fill(6);
  await groupAt('fast', '6-0');
  await groupAt('slow', '4-0');
  await fillPending(redis.client, stream, 'holding', [{ id: '7-0', consumer: 'a' }]);
  await call('XCLAIM', stream, 'holding', 'a', 0, '3-0', 'FORCE', 'JUSTID');
  const plan = await planFor({ kind: 'acknowledged' });
  expect(plan).toEqual({
    ...{ stream, length: 7, below: '3-0', cut: 2, neededFrom: '3-0', losses: [], groups: 3 },
  });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(2, 5));
  expect(await idsLeft()).toEqual(['3-0', '4-0', '5-0', '6-0', '7-0']);
});

test('what groups have not been given or not acknowledged is counted for each, and the plan is refused', async () => {
  await fill(6);
  await groupAt('done', '6-0');
  await groupAt('slow', '2-0');
  await call('XGROUP', 'CREATE', stream, 'holding', '6-0');
  await call('XCLAIM', stream, 'holding', 'a', 0, '1-0', '3-0', '6-0', 'FORCE', 'JUSTID');
  const plan = await planFor({ kind: 'maxLen', length: 1 });
  expect(plan).toEqual({
    ...{ stream, length: 6, below: '5-1', cut: 5, neededFrom: '1-0', groups: 3 },
    losses: [
      { group: 'holding', undelivered: 0, unacknowledged: 2 },
      { group: 'slow', undelivered: 3, unacknowledged: 0 },
    ],
  });
  expect(() => refuseLoss(plan)).toThrow(
    expect.objectContaining({
      kind: 'refused',
      code: 'TRIM_NEEDED',
      message: `of 5 entries to cut from ${stream}, groups still need some (holding: 0 not delivered, 2 not acknowledged; slow: 3 not delivered, 0 not acknowledged)`,
      details: { stream, cut: 5, neededFrom: '1-0', losses: plan.losses },
    }),
  );
  const { failure, ...report } = await trimAsPlanned(redis, plan, EXACT, work);
  expect(report).toEqual({ trimmed: 0, lengthAfter: 6, stopped: false });
  expect(failure).toMatchObject({ kind: 'refused', code: 'TRIM_NEEDED' });
  expect(await idsLeft()).toHaveLength(6);
  expect(await trimAsPlanned(redis, plan, { ...EXACT, force: true }, work)).toEqual(ok(5, 1));
  expect(await idsLeft()).toEqual(['6-0']);
});

test('entries that were cut away before and are still pending hold nothing up', async () => {
  await fillPending(
    redis.client,
    stream,
    'workers',
    [1, 2, 3, 4].map((n) => ({ id: `${n}-0`, consumer: 'a' })),
  );
  await call('XTRIM', stream, 'MINID', '3-0');
  await call('XACK', stream, 'workers', '3-0');
  const plan = await planFor({ kind: 'acknowledged' });
  expect(plan).toMatchObject({ below: '4-0', cut: 1, neededFrom: '4-0', losses: [] });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(1, 1));
});

test.each<[string, TrimBound]>([
  ['an empty stream', { kind: 'maxLen', length: 0 }],
  ['an empty stream', { kind: 'minId', id: '9-0' }],
  ['an empty stream', { kind: 'acknowledged' }],
])('%s is left as it is: %o', async (_, bound) => {
  await call('XGROUP', 'CREATE', stream, 'workers', '0', 'MKSTREAM');
  const plan = await planFor(bound);
  expect(plan).toMatchObject({ below: null, cut: 0, neededFrom: null, losses: [] });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(0, null));
});

test('bounds that cut nothing cut nothing, and bounds that cut everything leave an empty stream', async () => {
  await fill(3);
  expect(await planFor({ kind: 'maxLen', length: 3 })).toMatchObject({ below: null, cut: 0 });
  expect(await planFor({ kind: 'minId', id: '1-0' })).toMatchObject({ below: null, cut: 0 });
  const plan = await planFor({ kind: 'maxLen', length: 0 });
  expect(plan).toMatchObject({ below: '3-1', cut: 3 });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(3, 0));
  expect(await redis.client.xlen(stream)).toBe(0);
});

test('an approximate cut leaves a node whole that is needed in part', async () => {
  await fill(1000);
  await call('XGROUP', 'CREATE', stream, 'workers', '$');
  const plan = await planFor({ kind: 'minId', id: '551-0' });
  expect(plan.cut).toBe(550);
  const { trimmed, failure } = await trimAsPlanned(redis, plan, { ...EXACT, approximate: true }, work);
  expect(failure).toBeNull();
  // Nodes hold 100 entries.
  expect(trimmed).toBe(500);
  expect((await idsLeft())[0]).toBe('501-0');
});

test('a group that falls behind between plan and cut is not cut', async () => {
  await fill(5);
  await groupAt('workers', '5-0');
  const plan = await planFor({ kind: 'maxLen', length: 1 });
  expect(plan.losses).toEqual([]);
  await call('XGROUP', 'SETID', stream, 'workers', '2-0');
  const { failure, ...report } = await trimAsPlanned(redis, plan, EXACT, work);
  expect(report).toEqual({ trimmed: 0, lengthAfter: 5, stopped: false });
  expect(failure).toMatchObject({
    kind: 'refused',
    code: 'TRIM_NEEDED',
    message: `group workers of ${stream} needs entry 3-0, which lies below 4-1`,
    details: { stream, group: 'workers', neededFrom: '3-0', cut: 0 },
  });
  expect(await idsLeft()).toHaveLength(5);
});

test('a group that falls behind in the middle keeps what is left, and the error says how many went before', async () => {
  await fill(30_000);
  await groupAt('workers', '30000-0');
  const plan = await planFor({ kind: 'maxLen', length: 10 });
  // On the same connection, so that it comes between two pieces.
  const fallBehind = () => void call('XGROUP', 'SETID', stream, 'workers', '15000-0');
  const { failure, ...report } = await trimAsPlanned(redis, plan, EXACT, work, fallBehind);
  expect(report).toEqual({ trimmed: 10_000, lengthAfter: 20_000, stopped: false });
  expect(failure!.message).toBe(
    `group workers of ${stream} needs entry 15001-0, which lies below 29990-1; 10000 entries before it were cut`,
  );
  expect(await redis.client.xlen(stream)).toBe(20_000);
});

test('stopped in the middle: it ends after the piece at hand and says so; the same plan goes on', async () => {
  await fill(30_000);
  const plan = await planFor({ kind: 'maxLen', length: 5 });
  const stop = new AbortController();
  const stopped = { ...work, signal: stop.signal };
  expect(await trimAsPlanned(redis, plan, EXACT, stopped, () => stop.abort())).toEqual({
    ...{ trimmed: 10_000, lengthAfter: 20_000, stopped: true, failure: null },
  });
  expect(await trimAsPlanned(redis, plan, EXACT, work)).toEqual(ok(19_995, 5));
  expect(await redis.client.xlen(stream)).toBe(5);
});

test('a plan that is stopped at once is none', async () => {
  await fill(3);
  const facts = await requireFacts(redis, stream);
  const stopped = { ...work, signal: AbortSignal.abort() };
  expect(await planTrim(redis, facts, { kind: 'maxLen', length: 1 }, stopped)).toMatchObject({ below: null });
});

test('whatever groups have read and acknowledged, the plan counts right, and nothing is cut that one needs', async () => {
  const shape = fc.record({
    added: fc.integer({ min: 0, max: 20 }),
    deleted: fc.array(fc.integer({ min: 1, max: 20 }), { maxLength: 3 }),
    groups: fc.array(
      fc.record({
        read: fc.integer({ min: 0, max: 20 }),
        pending: fc.uniqueArray(fc.integer({ min: 1, max: 20 }), { maxLength: 5 }),
      }),
      { maxLength: 3 },
    ),
    bound: fc.oneof(
      fc.record({ kind: fc.constant('maxLen' as const), length: fc.integer({ min: 0, max: 22 }) }),
      fc.integer({ min: 0, max: 22 }).map((n) => ({ kind: 'minId' as const, id: `${n}-0` })),
      fc.constant({ kind: 'acknowledged' as const }),
    ),
    force: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(shape, async ({ added, deleted, groups, bound, force }) => {
      stream = uniqueName('trim');
      await call('XGROUP', 'CREATE', stream, 'none', '0', 'MKSTREAM');
      await call('XGROUP', 'DESTROY', stream, 'none');
      await fill(added);
      const read = groups.map((group) => Math.min(group.read, added));
      const held = groups.map(({ pending }, at) => pending.filter((n) => n <= read[at]!));
      for (const [at, n] of read.entries()) {
        await groupAt(`g${at}`, `${n}-0`);
        for (const id of held[at]!)
          await call('XCLAIM', stream, `g${at}`, 'c', 0, `${id}-0`, 'FORCE', 'JUSTID');
      }
      const gone = deleted.filter((n) => n <= added);
      for (const n of gone) await call('XDEL', stream, `${n}-0`);

      const all = Array.from({ length: added }, (_, at) => at + 1).filter((n) => !gone.includes(n));
      const first = all[0] ?? Number.POSITIVE_INFINITY;
      const undelivered = read.map((last) => all.filter((n) => n > last));
      // One that was deleted out of the middle still counts as pending, until a claim has removed it.
      const unacknowledged = held.map((some) => some.filter((n) => n >= first));
      const needed = Math.min(...undelivered.flat(), ...unacknowledged.flat());
      const cut = all.filter((n) => {
        if (bound.kind === 'maxLen') return all.indexOf(n) < all.length - bound.length;
        return bound.kind === 'minId' ? n < Number.parseInt(bound.id, 10) : n < needed;
      });

      const plan = await planFor(bound);
      expect(plan).toMatchObject({ length: all.length, cut: cut.length, groups: groups.length });
      expect(plan.neededFrom).toBe(Number.isFinite(needed) ? `${needed}-0` : null);
      const below = (n: number) => plan.below !== null && compareStreamIds(`${n}-0`, plan.below) < 0;
      const losses = groups
        .map((_, at) => ({
          group: `g${at}`,
          undelivered: undelivered[at]!.filter(below).length,
          unacknowledged: unacknowledged[at]!.filter(below).length,
        }))
        .filter((loss) => loss.undelivered + loss.unacknowledged > 0);
      expect(plan.losses).toEqual(losses);

      const refused = losses.length > 0 && !force;
      const { trimmed, failure } = await trimAsPlanned(redis, plan, { ...EXACT, force }, work);
      expect({ trimmed, refused: failure?.code }).toEqual({
        trimmed: refused ? 0 : cut.length,
        refused: refused ? 'TRIM_NEEDED' : undefined,
      });
      const left = refused ? all : all.filter((n) => !cut.includes(n));
      expect(await idsLeft()).toEqual(left.map((n) => `${n}-0`));
      await redis.client.del(stream);
    }),
    { numRuns: 200 },
  );
});

describe('while things go wrong', () => {
  test('replies that are lost: the count is exact', async () => {
    const { server, look } = await own();
    const loser = await startReplyLoser(server.port);
    ends.push(() => loser.stop());
    const through = await connect(`redis://127.0.0.1:${loser.port}`);
    await fill(35_000, look);
    const plan = await planFor({ kind: 'maxLen', length: 1234 }, through);
    loser.loseNext();
    const report = await trimAsPlanned(through, plan, EXACT, work, () => loser.loseNext());
    expect(loser.lost).toBeGreaterThanOrEqual(4);
    expect(report).toEqual(ok(33_766, 1_234));
    expect(await look.xlen(stream)).toBe(1234);
    for (const key of await look.keys('qctl:*')) expect(await look.ttl(key)).toBeGreaterThan(0);
  });

  test('Redis is restarted in the middle: it goes on', async () => {
    const { server, look } = await own({ aof: 'always' });
    const connection = await connect(server.url);
    await fill(25_000, look);
    const plan = await planFor({ kind: 'maxLen', length: 0 }, connection);
    let restarted: Promise<void> | undefined;
    const report = await trimAsPlanned(connection, plan, EXACT, work, () => {
      restarted ??= server.restart();
    });
    await restarted;
    expect(report).toEqual(ok(25_000, 0));
  });

  test('stopped while Redis is away: it does not wait, and says how many went', async () => {
    const { server, look } = await own();
    const proxy = await startTcpProxy(server.port);
    ends.push(() => proxy.stop());
    const through = await connect(`redis://127.0.0.1:${proxy.port}`);
    await fill(25_000, look);
    const plan = await planFor({ kind: 'maxLen', length: 0 }, through);
    const stop = new AbortController();
    const waiting = (_who: string, reason: string | null) => reason && stop.abort();
    const stopped = { signal: stop.signal, waiting };
    const report = await trimAsPlanned(through, plan, EXACT, stopped, () => proxy.setBlocked('refuse'));
    expect(report).toEqual({ trimmed: 10_000, lengthAfter: 15_000, stopped: true, failure: null });
  });

  test('Redis is out of memory: to trim is what helps, and it needs none', async () => {
    const { server, look } = await own();
    const connection = await connect(server.url);
    await fillPending(
      look,
      stream,
      'workers',
      Array.from({ length: 500 }, (_, at) => ({ id: `${at + 1}-0`, consumer: 'a' })),
    );
    await look.xack(stream, 'workers', ...(await pendingOf(look, stream, 'workers')).map(({ id }) => id));
    await look.config('SET', 'maxmemory', '1kb');
    const plan = await planFor({ kind: 'acknowledged' }, connection);
    expect(await trimAsPlanned(connection, plan, EXACT, work)).toEqual(ok(500, 0));
  });
});
