import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { operateBreaker } from '../../src/breaker/index.ts';
import { recordStage } from '../../src/index.ts';
import type { OverviewConfig } from '../../src/overview/index.ts';
import { changeRoute, DEFAULT_RULES, RedisRouteStore } from '../../src/routing/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { connected, doorsTo, nextLook, opened, until } from './driver.ts';

let server: TestRedis;
let redis: RedisConnection;

beforeAll(async () => {
  server = await startRedis();
  redis = await connectRedis({ url: server.url });
});
beforeEach(() => redis.client.flushall());
afterAll(async () => {
  await redis?.close();
  await server?.stop();
});

async function fill(stream: string, entries: number, group?: string): Promise<void> {
  for (let n = 0; n < entries; n += 1) await redis.client.xadd(stream, '*', 'n', String(n));
  if (group) await redis.client.xgroup('CREATE', stream, group, '0');
}

const read = (stream: string, group: string, count: number) =>
  redis.client.xreadgroup('GROUP', group, 'c1', 'COUNT', count, 'STREAMS', stream, '>');

const configured = (config: Partial<OverviewConfig>) => ({
  config: async () => ({ sources: {}, streams: {}, ...config }),
});

/** A user without what the rules name. */
async function limited(...rules: string[]): Promise<RedisConnection> {
  await redis.client.call('ACL', 'SETUSER', 'op', 'reset', 'on', '>pw', '~*', '&*', '+@all', ...rules);
  return connected(server.url.replace('redis://', 'redis://op:pw@'));
}

test('a look shows the server, the streams with their groups, dead letters, breakers and routes', async () => {
  await fill('orders', 5, 'workers');
  await read('orders', 'workers', 2);
  await recordStage(redis.client, {
    stream: 'orders',
    group: 'workers',
    stage: 'parse',
    ms: 5,
    outcome: 'finished',
  });
  await fill('orders:dead', 1);
  await redis.client.xadd('qctl:own', '*', 'n', '1');
  await redis.client.set('text', 'no stream');
  const by = { by: 'ann', host: 'desk', reason: 'rain' };
  await operateBreaker(redis, 'payments', { verb: 'hold', mode: 'open' }, by);
  const rules = { ...DEFAULT_RULES, percent: 25 };
  await changeRoute(new RedisRouteStore(redis), 'orders', () => rules, {
    ...{ by: 'ann@desk', reason: 'first step', dryRun: false },
  });
  const overview = opened(doorsTo(redis, configured({ breakers: { mail: {} } })));
  const snapshot = await nextLook(overview);
  expect(snapshot).toMatchObject({
    missing: [],
    redis: { kind: 'standalone', role: 'master', maxMemoryBytes: null, lastSave: null },
    streams: [
      {
        ...{ stream: 'orders', length: 5, pending: 2, lag: 3, waiting: 0, memoryBytes: null },
        groups: [{ group: 'workers', lag: 3, lagHow: 'reported', consumers: 1 }],
      },
    ],
    streamsLeftOut: 0,
    deadLetters: [{ stream: 'orders:dead', of: ['orders'], length: 1, newestAgeMs: expect.any(Number) }],
    breakers: [
      { breaker: 'mail', state: 'closed', verdict: 'pass', override: null },
      { breaker: 'payments', verdict: 'reject', override: { mode: 'open', by: 'ann', forgotten: false } },
    ],
    routes: [{ route: 'orders', percent: 25, changedBy: 'ann@desk', reason: 'first step' }],
    stages: [{ stream: 'orders', group: 'workers', stage: 'parse', finished: 1 }],
    ...{ runs: [], cutovers: [], moves: [] },
  });
  expect(JSON.parse(JSON.stringify(snapshot))).toEqual(snapshot);
});

test('what changes is seen by one of the next looks: a length, a new stream, a dead letter, a stream that is gone', async () => {
  await fill('orders', 1);
  const overview = opened(doorsTo(redis));
  await overview.first();
  await fill('alerts', 2);
  await fill('orders', 1);
  await fill('alerts:dead', 1);
  const streams = [
    { stream: 'alerts', length: 2 },
    { stream: 'orders', length: 2 },
  ];
  const shown = () => overview.seen().snapshot;
  await waitFor(() => expect(shown()).toMatchObject({ streams, deadLetters: [{ length: 1 }] }) ?? true);
  expect(overview.streamHistory('orders')?.values.length?.at(-1)).toBe(2);
  await until(overview, ({ snapshot }) => snapshot?.deadLetters[0]?.addedPerSecond === 0);
  const more = until(overview, ({ snapshot }) => (snapshot?.deadLetters[0]?.addedPerSecond ?? 0) > 0);
  await fill('alerts:dead', 1);
  await more;
  await redis.client.del('orders');
  await until(overview, ({ snapshot }) => snapshot?.streams.length === 1);
  expect(overview.streamHistory('orders')).toBeUndefined();
});

test('in a quiet stream a lag that had to be counted stays right, also when an entry is deleted', async () => {
  await fill('orders', 20, 'workers');
  await read('orders', 'workers', 5);
  await redis.client.xtrim('orders', 'MAXLEN', 18);
  const overview = opened(doorsTo(redis));
  const lagIs = (lag: number) => (seen: ReturnType<typeof overview.seen>) =>
    seen.snapshot?.streams[0]?.groups[0]?.lag === lag;
  await until(overview, lagIs(15));
  for (let looks = 0; looks < 3; looks += 1) {
    const [row] = (await nextLook(overview)).streams;
    expect(row!.groups[0]).toMatchObject({
      lag: 15,
      lagHow: 'counted',
      oldestUndeliveredAgeMs: expect.any(Number),
    });
  }
  const entries = await redis.client.xrange('orders', '-', '+');
  await redis.client.xdel('orders', entries[10]![0]);
  await until(overview, lagIs(14));
  for (let looks = 0; looks < 3; looks += 1) await nextLook(overview);
  await read('orders', 'workers', 4);
  await until(overview, lagIs(10));
});

test('streams beyond the limit are counted, and those of qctl.yaml stand first', async () => {
  for (const name of ['a', 'b', 'c', 'z']) await fill(name, 1);
  const doors = doorsTo(redis, configured({ streams: { z: {} } }));
  const { streams, streamsLeftOut } = await nextLook(opened(doors, { maxStreams: 2 }));
  expect(streams.map(({ stream }) => stream)).toEqual(['a', 'z']);
  expect(streamsLeftOut).toBe(2);
});

test('names that are no text are left out and counted', async () => {
  await fill('orders', 1);
  await redis.client.xadd(Buffer.from([0xff, 0xfe]), '*', 'n', '1');
  const { streams, streamsLeftOut, missing } = await nextLook(opened(doorsTo(redis)));
  expect(streams.map(({ stream }) => stream)).toEqual(['orders']);
  expect({ streamsLeftOut, missing }).toEqual({ streamsLeftOut: 1, missing: [] });
});

test('a user without some rights sees the rest, and what is missing', async () => {
  await fill('orders', 2, 'workers');
  await fill('secret', 1);
  const op = await limited('-info', '-zrange', 'resetkeys', '~orders*', '~qctl:*');
  const snapshot = await nextLook(opened(doorsTo(op)));
  expect(snapshot).toMatchObject({
    redis: { label: op.label, kind: 'standalone', version: null, usedMemoryBytes: null, clients: null },
    streams: [{ stream: 'orders', length: 2, waiting: null }],
    streamsLeftOut: 1,
  });
  const parts = snapshot.missing.map(({ part }) => part);
  expect(parts).toEqual(expect.arrayContaining(['redis', 'breakers', 'routes']));
  expect(parts).not.toContain('streams');
  for (const { why } of snapshot.missing) expect(why).toMatch(/may not|permission/);
});

test('a user who may not list the keys sees the streams that qctl.yaml names', async () => {
  await fill('orders', 2);
  const op = await limited('-scan');
  const { streams, missing } = await nextLook(opened(doorsTo(op, configured({ streams: { orders: {} } }))));
  expect(streams).toMatchObject([{ stream: 'orders', length: 2 }]);
  expect(missing).toMatchObject([{ part: 'streams', why: expect.stringContaining('list the streams') }]);
});

test('one record that nobody can read does not hide the other parts', async () => {
  await fill('orders', 1);
  await redis.client.zadd('qctl:runs', 1, 'broken');
  await redis.client.hset('qctl:run:broken', { manifest: 'no JSON' });
  await redis.client.zadd('qctl:routes', 0, 'bad');
  await redis.client.hset('qctl:{route:bad}', { percent: 'many' });
  await redis.client.zadd('qctl:routes', 0, 'good');
  await redis.client.hset('qctl:{route:good}', { percent: '5' });
  const snapshot = await nextLook(opened(doorsTo(redis)));
  expect(snapshot).toMatchObject({ streams: [{}], routes: [{ route: 'good', percent: 5 }] });
  expect(snapshot.missing.map(({ part }) => part).sort()).toEqual(['routes', 'runs']);
});

test('200 who look cost Redis nothing that one would not', async () => {
  await fill('orders', 3, 'workers');
  const perLook = async (viewers: number): Promise<number> => {
    const overview = opened(doorsTo(redis), { intervalMs: 20 });
    let told = 0;
    for (let n = 0; n < viewers; n += 1) overview.subscribe(() => (told += 1));
    await overview.first();
    await redis.client.config('RESETSTAT');
    const from = overview.seen().snapshot!.seq;
    const { snapshot } = await until(overview, (seen) => seen.snapshot!.seq >= from + 10);
    await overview.close();
    const looks = snapshot!.seq - from;
    expect(told).toBeGreaterThanOrEqual(viewers * looks);
    const stats = await redis.client.info('commandstats');
    const callsOf = (name: string): number =>
      [...stats.matchAll(new RegExp(`cmdstat_${name}(?:\\|\\w+)?:calls=(\\d+)`, 'g'))].reduce(
        (sum, [, calls]) => sum + Number(calls),
        0,
      );
    // The keys are listed no more often than that; that asks for INFO, too.
    expect(callsOf('scan')).toBeLessThanOrEqual(looks + 1);
    expect(callsOf('info')).toBeLessThanOrEqual(2 * looks + 2);
    // One look may be under way at each end.
    return Math.round(callsOf('xinfo') / looks);
  };
  const one = await perLook(1);
  expect(one).toBe(2);
  expect(await perLook(200)).toBe(one);
});
