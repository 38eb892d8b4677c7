import { Redis } from 'ioredis';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { purgePage } from '../../src/backends/redis/scripts/purge-page.ts';
import {
  planReplay,
  purgeDeadLetters,
  type ReplayPlan,
  type ReplayRequest,
  refuseReplay,
  replayDeadLetters,
  surveyDeadLetters,
} from '../../src/streams/index.ts';
import { entriesOf } from '../support/pending.ts';
import { startRedis } from '../support/redis.ts';
import { startCluster } from '../support/redis-topologies.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { ALL, addLetter, deadOf, killAll, replay, replayed, type Streams, work } from './dlq-support.ts';

let redis: RedisConnection;
let orders: string;
let dead: string;
const ends: (() => unknown)[] = [];

beforeAll(async () => {
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(async () => {
  await redis.close();
  for (const end of ends.reverse()) await end();
});
beforeEach(() => {
  orders = uniqueName('orders');
  dead = `${orders}:dead`;
});

const rows = (count: number) =>
  Array.from({ length: count }, (_, at) => ({ id: `${at + 1}-0`, fields: ['n', String(at + 1)] }));
const textsIn = async (stream: string, client = redis.client) =>
  (await entriesOf(client, stream)).map(({ fields }) => fields.map(String).join(' '));
const plan = async (request: Partial<ReplayRequest>, argument = orders, streams: Streams = {}) => {
  const all = { streams: [await deadOf(redis, argument, streams)], choice: ALL, create: false, ...request };
  return planReplay(redis, all, work);
};
const found = ({ findings }: ReplayPlan) => findings.map(({ level, code, text }) => [level, code, text]);

describe('a replay', () => {
  test('puts everything back in its order, counts the attempt, and empties the dead-letter stream', async () => {
    await killAll(redis, orders, rows(3));
    await redis.client.xtrim(orders, 'MAXLEN', 0);
    const report = await replay(redis, { streams: [await deadOf(redis, orders)] });
    expect(report).toEqual(replayed({ chosen: 3, replayed: 3, targets: [{ stream: orders, replayed: 3 }] }));
    expect(await textsIn(orders)).toEqual(['n 1 attempts 1', 'n 2 attempts 1', 'n 3 attempts 1']);
    expect(await redis.client.xlen(dead)).toBe(0);
    expect(await redis.client.keys(`qctl:{${dead}}:op:*`)).toEqual([]);
  });

  test('by id says where each has gone', async () => {
    await killAll(redis, orders, rows(3));
    const [first, , third] = (await entriesOf(redis.client, dead)).map(({ id }) => id);
    await redis.client.xtrim(orders, 'MAXLEN', 0);
    const choice = { filter: {}, ids: [third!, first!, '9-9'] };
    const report = await replay(redis, { streams: [await deadOf(redis, orders)], choice });
    const newIds = (await entriesOf(redis.client, orders)).map(({ id }) => id);
    expect(report).toEqual(
      replayed({
        ...{ chosen: 2, replayed: 2, targets: [{ stream: orders, replayed: 2 }], missing: 1 },
        moves: [
          { stream: dead, id: first!, to: orders, newId: newIds[0]! },
          { stream: dead, id: third!, to: orders, newId: newIds[1]! },
        ],
      }),
    );
    expect((await textsIn(dead)).map((text) => text.slice(-3))).toEqual(['n 2']);
  });

  test("goes to each one's own stream, under the name that this stream has for the counter", async () => {
    const mails = uniqueName('mails');
    const streams = { [mails]: { deadLetter: dead, entry: { retryCount: 'tries', originalStream: 'from' } } };
    await killAll(redis, orders, rows(1));
    await killAll(redis, mails, [{ id: '1-0', fields: ['tries', '4', 'm', '1'] }], { deadLetter: dead });
    await addLetter(redis, dead, '*', { from: mails, m: '2' });
    for (const stream of [orders, mails]) await redis.client.xtrim(stream, 'MAXLEN', 0);
    const report = await replay(redis, { streams: [await deadOf(redis, orders, streams)] });
    expect(report).toEqual(
      replayed({
        ...{ chosen: 3, replayed: 3 },
        targets: [
          { stream: orders, replayed: 1 },
          { stream: mails, replayed: 2 },
        ],
      }),
    );
    expect(await textsIn(orders)).toEqual(['n 1 attempts 1']);
    expect(await textsIn(mails)).toEqual(['tries 5 m 1', `from ${mails} m 2 tries 1`]);
  });

  test('into another stream keeps the counter of the stream that they come from', async () => {
    const [other, streams] = [uniqueName('other'), { [orders]: { entry: { retryCount: 'tries' } } }];
    await killAll(redis, orders, rows(1));
    await addLetter(redis, dead, '*', { n: '2', tries: '6' });
    const request = { streams: [await deadOf(redis, orders, streams)], to: other, create: true };
    expect((await replay(redis, request)).replayed).toBe(2);
    expect(await textsIn(other)).toEqual(['n 1 tries 1', 'n 2 tries 7']);
  });

  test('leaves alone what died after the plan, and what the filter or the limit leaves out', async () => {
    await killAll(redis, orders, rows(4));
    const prepared = await plan({ choice: { filter: { reason: 'max*' }, limit: 3 } });
    await killAll(redis, orders, [{ id: '9-0', fields: ['n', 'late'] }]);
    const report = await replayDeadLetters(redis, prepared, work);
    expect([report.replayed, report.gone, report.left]).toEqual([3, 0, 0]);
    expect((await textsIn(dead)).map((text) => text.split(' ').at(-1))).toEqual(['4', 'late']);
  });

  test('does not replay again what dies in the meantime', async () => {
    await killAll(redis, orders, rows(1000));
    const prepared = await plan({});
    let died = 0;
    const report = await replayDeadLetters(redis, prepared, work, () => {
      died += 1;
      void redis.client.xadd(dead, '*', 'dlq.fields', '2', 'dlq.reason', 'again', 'n', String(died));
    });
    expect([report.replayed, report.gone, report.left]).toEqual([1000, 0, 0]);
    expect(await redis.client.xlen(dead)).toBe(died);
    expect(died).toBeGreaterThan(1);
  });

  test('counts what somebody else has taken meanwhile as gone, not as replayed', async () => {
    await killAll(redis, orders, rows(1500));
    const prepared = await plan({});
    const ids = (await entriesOf(redis.client, dead)).map(({ id }) => id);
    await redis.client.xdel(dead, ...ids.slice(0, 10));
    // These do not take the place of those.
    await killAll(redis, orders, [{ id: '9000-0', fields: ['n', 'late'] }]);
    let once = true;
    const report = await replayDeadLetters(redis, prepared, work, () => {
      if (once) void redis.client.xdel(dead, ...ids.slice(900, 905), ...ids.slice(1200, 1210));
      once = false;
    });
    expect([report.replayed, report.gone, report.left]).toEqual([1475, 25, 0]);
    expect((await textsIn(dead)).map((text) => text.split(' ').at(-1))).toEqual(['late']);
  });

  test('tells counters that are no numbers and entries with too many fields, which stay', async () => {
    const many = Array.from({ length: 7900 }, (_, at) => `f${at}`);
    await killAll(redis, orders, [
      { id: '1-0', fields: ['attempts', 'many'] },
      { id: '2-0', fields: many },
    ]);
    await redis.client.xadd(dead, '*', ...many, 'one', 'more');
    const [, , wide] = (await entriesOf(redis.client, dead)).map(({ id }) => id);
    await redis.client.xtrim(orders, 'MAXLEN', 0);
    const report = await replay(redis, { streams: [await deadOf(redis, orders)] });
    expect(report).toEqual(
      replayed({
        ...{ chosen: 3, replayed: 2, targets: [{ stream: orders, replayed: 2 }], retryCountKept: 1 },
        ...{ tooManyFields: 1, tooManyFieldsIds: [wide!], left: 1 },
      }),
    );
    const [odd, broad] = await textsIn(orders);
    expect([odd, broad!.split(' ').slice(-2)]).toEqual(['attempts many', ['attempts', '1']]);
    expect((await entriesOf(redis.client, dead)).map(({ id }) => id)).toEqual([wide]);
  });

  test('keeps its rate', async () => {
    await killAll(redis, orders, rows(100));
    const prepared = await plan({ ratePerSecond: 200 });
    const { elapsedMs, replayed: count } = await replayDeadLetters(redis, prepared, work);
    expect(count).toBe(100);
    // Five shares of 20, the first at once.
    expect(elapsedMs).toBeGreaterThanOrEqual(395);
    expect(elapsedMs).toBeLessThan(5000);
  });

  test('stops after the piece at hand, and says what is left', async () => {
    await killAll(redis, orders, rows(100));
    const prepared = await plan({ ratePerSecond: 100 });
    const stop = new AbortController();
    const report = await replayDeadLetters(
      redis,
      prepared,
      { ...work, signal: stop.signal },
      ({ replayed: n }) => {
        if (n >= 20) stop.abort('SIGINT');
      },
    );
    expect([report.replayed, report.left, report.gone, report.stopped]).toEqual([20, 80, 0, true]);
    expect(await redis.client.xlen(dead)).toBe(80);
  });

  test('of two at once each is exact: together they have replayed everything once', async () => {
    await killAll(redis, orders, rows(3000));
    await redis.client.xtrim(orders, 'MAXLEN', 0);
    const second = await connectRedis({ url: sharedRedisUrl() });
    const plans = [await plan({}), await plan({})];
    const reports = await Promise.all([
      replayDeadLetters(redis, plans[0]!, work),
      replayDeadLetters(second, plans[1]!, work),
    ]);
    await second.close();
    expect(reports.map(({ replayed: n, gone, left }) => n + gone + left)).toEqual([3000, 3000]);
    expect(reports[0]!.replayed + reports[1]!.replayed).toBe(3000);
    const texts = await textsIn(orders);
    expect([texts.length, new Set(texts).size, await redis.client.xlen(dead)]).toEqual([3000, 3000, 0]);
  });

  test('whose reply is lost is not done twice and not counted wrong', async () => {
    await killAll(redis, orders, rows(1200));
    await redis.client.xtrim(orders, 'MAXLEN', 0);
    const loser = await startReplyLoser(Number(new URL(sharedRedisUrl()).port));
    const lossy = await connectRedis({ url: `redis://127.0.0.1:${loser.port}` });
    const prepared = await planReplay(
      lossy,
      { streams: [await deadOf(redis, orders)], choice: ALL, create: false },
      work,
    );
    const report = await replayDeadLetters(lossy, prepared, work, () => loser.loseNext());
    await lossy.close();
    await loser.stop();
    expect(loser.lost).toBeGreaterThan(1);
    expect([report.replayed, report.gone, report.left, report.failure]).toEqual([1200, 0, 0, null]);
    expect(new Set(await textsIn(orders)).size).toBe(1200);
    expect(await redis.client.xlen(orders)).toBe(1200);
  });

  test('that Redis refuses in the middle ends with what was done, and with the reason', async () => {
    await killAll(redis, orders, rows(3));
    const last = '18446744073709551615-18446744073709551614';
    const report = await (async () => {
      const prepared = await plan({});
      await redis.client.xadd(orders, last, 'n', 'last');
      return replayDeadLetters(redis, prepared, work);
    })();
    expect([report.replayed, report.left, report.gone, report.stopped]).toEqual([1, 2, 0, false]);
    expect(report.failure).toMatchObject({
      kind: 'target',
      message: expect.stringMatching(/^cannot append to stream .*exhausted/),
    });
  });
});

describe('before a replay', () => {
  test('the plan says what goes where, and who gets it', async () => {
    await killAll(redis, orders, rows(3));
    await redis.client.xgroup('CREATE', orders, 'audit', '0');
    const { plan: planned } = await plan({ choice: { filter: {}, limit: 2 }, ratePerSecond: 50 });
    expect(planned).toEqual({
      sources: [{ stream: dead, entries: 3, chosen: 2 }],
      targets: [{ stream: orders, chosen: 2, payloadBytes: 4, exists: true, groups: ['audit', 'workers'] }],
      ...{ chosen: 2, payloadBytes: 4, madeByOthers: 0, missingIds: [], ratePerSecond: 50 },
      findings: [
        {
          ...{ level: 'warning', code: 'REPLAY_GROUPS' },
          text: `every group of ${orders} gets them again, also those that had processed them: audit, workers`,
        },
      ],
    });
    expect(() => refuseReplay(planned)).not.toThrow();
  });

  test('one group, no group, and dead letters of others are told', async () => {
    await killAll(redis, orders, rows(1));
    await addLetter(redis, dead, '*', { reason: 'r', stream: orders });
    expect(found((await plan({})).plan)).toEqual([
      ['note', 'REPLAY_GROUPS', `group workers of ${orders} gets them again`],
      [
        'note',
        'MADE_BY_OTHERS',
        '1 dead letter made by other programs: all fields go back, those included that tell of the death',
      ],
    ]);
    await redis.client.xgroup('DESTROY', orders, 'workers');
    const [first] = found((await plan({})).plan);
    expect(first).toEqual([
      'warning',
      'REPLAY_GROUPS',
      `${orders} has no group: nobody gets them before one is made`,
    ]);
  });

  test('a stream that does not exist is refused, or made with --create', async () => {
    await killAll(redis, orders, rows(2));
    await redis.client.del(orders);
    const { plan: refused } = await plan({});
    expect(() => refuseReplay(refused)).toThrow(
      `nothing was replayed: there is no stream ${orders}, for 2 dead letters`,
    );
    const { plan: allowed } = await plan({ create: true });
    expect(found(allowed)).toEqual([
      ['warning', 'REPLAY_GROUPS', `${orders} is made and has no group: nobody gets them before one is made`],
    ]);
    expect((await replay(redis, { streams: [await deadOf(redis, dead)], create: true })).replayed).toBe(2);
    expect(await redis.client.xlen(orders)).toBe(2);
  });

  test('dead letters that do not say where they come from are refused, unless they are told where to', async () => {
    const streams = { [orders]: { deadLetter: dead }, mails: { deadLetter: dead } };
    await redis.client.xadd(orders, '*', 'n', '1');
    await addLetter(redis, dead, '*', { reason: 'r' });
    const { plan: refused } = await plan({}, orders, streams);
    expect(refused.targets).toEqual([{ stream: null, chosen: 1, payloadBytes: 7, exists: null, groups: [] }]);
    expect(() => refuseReplay(refused)).toThrow('nothing says from which stream 1 dead letter came');
    expect(() => refuseReplay(refused)).toThrow(
      expect.objectContaining({ kind: 'refused', code: 'ORIGIN_UNKNOWN' }),
    );
    const { plan: told } = await plan({ to: orders }, orders, streams);
    expect(() => refuseReplay(told)).not.toThrow();
  });

  test('the dead-letter stream itself and a key that is no stream are refused', async () => {
    await killAll(redis, orders, rows(1));
    await addLetter(redis, dead, '*', { stream: dead });
    await addLetter(redis, dead, '*', { stream: `${orders}:text` });
    await redis.client.set(`${orders}:text`, 'no stream');
    const { plan: refused } = await plan({});
    expect(found(refused).filter(([level]) => level === 'blocker')).toEqual([
      ['blocker', 'TARGET_NOT_A_STREAM', `key ${orders}:text holds no stream`],
      ['blocker', 'REPLAY_SAME', `${dead} is the dead-letter stream itself`],
    ]);
    expect(await redis.client.xlen(dead)).toBe(3);
  });

  test('a field that names thousands of streams is no name of a stream', async () => {
    for (let n = 0; n <= 1000; n += 1) void addLetter(redis, dead, '*', { stream: `s${n}` });
    await addLetter(redis, dead, '*', { stream: 'last' });
    await expect(plan({}, dead)).rejects.toMatchObject({ kind: 'refused', code: 'DLQ_TARGETS' });
  });

  test('rights that are missing are refused before anything changes', async () => {
    const server = await startRedis();
    ends.push(() => server.stop());
    const admin = new Redis(server.url);
    const every = await connectRedis({ url: server.url });
    await killAll(every, 'orders', rows(2));
    await every.close();
    await admin.call('ACL', 'SETUSER', 'op', 'on', '>pw', '+@all', '-xadd', '~orders*');
    const limited = await connectRedis({ url: server.url.replace('redis://', 'redis://op:pw@') });
    const streams = [await deadOf(limited, 'orders')];
    const { plan: refused } = await planReplay(limited, { streams, choice: ALL, create: false }, work);
    const rights = refused.findings.find(({ code }) => code === 'MISSING_RIGHTS');
    // A server before 7.0 cannot be asked.
    const old = (await admin.info('server')).includes('redis_version:6');
    if (old) expect(rights).toBeUndefined();
    else {
      expect(rights!.text).toMatch(/XADD: .*no permissions.*SET: .*no permissions/);
      expect(() => refuseReplay(refused)).toThrow('Redis would refuse');
    }
    expect(await admin.xlen('orders:dead')).toBe(2);
    await limited.close();
    admin.disconnect();
  });
});

describe('on a cluster', () => {
  test('a replay inside a slot works; across slots it is refused, with the way out', async () => {
    const cluster = await startCluster();
    ends.push(() => cluster.stop());
    const own = await connectRedis({ cluster: { nodes: cluster.seeds } });
    ends.push(() => own.close());
    await killAll(own, 'orders', rows(5), { deadLetter: '{orders}:dead' });
    await own.client.xtrim('orders', 'MAXLEN', 0);
    expect(await replay(own, { streams: [await deadOf(own, 'orders')] })).toEqual(
      replayed({ chosen: 5, replayed: 5, targets: [{ stream: 'orders', replayed: 5 }] }),
    );
    expect(await textsIn('orders', own.client)).toHaveLength(5);
    await addLetter(own, 'graveyard', '*', { stream: 'orders' });
    const streams = [await deadOf(own, 'orders', {}, 'graveyard')];
    const { plan: refused } = await planReplay(own, { streams, choice: ALL, create: false }, work);
    expect(refused.findings.filter(({ level }) => level === 'blocker')).toEqual([
      {
        ...{ level: 'blocker', code: 'REPLAY_SLOT' },
        text: 'graveyard and orders lie in different slots of the cluster, so that nothing can go from one to the other in one step',
        remedy:
          "give both one hash tag: name the dead-letter stream {orders}:dead; what lies in graveyard gets there with 'qctl dlq export' and 'qctl dlq import --to {orders}:dead'",
      },
    ]);
  });
});

describe('a purge', () => {
  const purge = async (choice = ALL, connection = redis) => {
    const streams = [await deadOf(redis, orders)];
    const survey = await surveyDeadLetters(connection, streams, choice, work);
    return { survey, choice };
  };

  test('deletes what was there when it was planned, and counts it', async () => {
    await killAll(redis, orders, rows(1100));
    const { survey, choice } = await purge();
    await killAll(redis, orders, [{ id: '9000-0', fields: ['n', 'late'] }]);
    const [first] = (await entriesOf(redis.client, dead)).map(({ id }) => id);
    await redis.client.xdel(dead, first!);
    const { elapsedMs: _elapsedMs, ...report } = await purgeDeadLetters(redis, survey, choice, work);
    expect(report).toEqual({
      ...{ chosen: 1100, purged: 1099, gone: 1, missing: 0, left: 0, stopped: false, failure: null },
      streams: [{ stream: dead, purged: 1099 }],
    });
    expect((await textsIn(dead)).map((text) => text.split(' ').at(-1))).toEqual(['late']);
    expect(await redis.client.keys(`qctl:{${dead}}:op:*`)).toEqual([]);
  });

  test('whose reply is lost is counted as what it was', async () => {
    await killAll(redis, orders, rows(2500));
    const loser = await startReplyLoser(Number(new URL(sharedRedisUrl()).port));
    const lossy = await connectRedis({ url: `redis://127.0.0.1:${loser.port}` });
    const { survey, choice } = await purge(ALL, lossy);
    const { client } = lossy;
    const send = client.evalsha.bind(client) as (...args: unknown[]) => Promise<unknown>;
    const pages = new Set<unknown>();
    // The first answer to each page.
    Object.assign(client, {
      evalsha: (...args: unknown[]) => {
        if (args[0] === purgePage.sha && !pages.has(args[4])) loser.loseNext();
        if (args[0] === purgePage.sha) pages.add(args[4]);
        return send(...args);
      },
    });
    const report = await purgeDeadLetters(lossy, survey, choice, work);
    await lossy.close();
    await loser.stop();
    expect(loser.lost).toBeGreaterThan(1);
    expect([report.purged, report.gone, report.left]).toEqual([2500, 0, 0]);
    expect(await redis.client.xlen(dead)).toBe(0);
  });

  test('stops after the page at hand', async () => {
    await killAll(redis, orders, rows(2500));
    const { survey, choice } = await purge();
    const stop = new AbortController();
    const stopped = { ...work, signal: stop.signal };
    const report = await purgeDeadLetters(redis, survey, choice, stopped, () => stop.abort('SIGINT'));
    expect([report.purged, report.left, report.gone, report.stopped]).toEqual([1000, 1500, 0, true]);
    expect(await redis.client.xlen(dead)).toBe(1500);
  });
});
