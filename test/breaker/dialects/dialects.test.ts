import { afterAll, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../../src/backends/redis/index.ts';
import { type Dialect, listForeignBreakers } from '../../../src/breaker/index.ts';
import { useOwnRedis } from '../../commands/own-redis.ts';
import { startCluster } from '../../support/redis-topologies.ts';
import * as library from './libraries.ts';

const own = useOwnRedis();
let redis: RedisConnection;
beforeAll(async () => {
  redis = await connectRedis({ url: own.server.url });
});
afterAll(() => redis.close());

/** The breakers, without what none of these cases asks for. */
async function list(dialect: Dialect, from = redis) {
  const { breakers } = await listForeignBreakers(from, dialect);
  return breakers;
}

/** Now by the clock of this machine, which is that of Redis here; whole seconds. */
const now = () => Math.floor(Date.now() / 1000);

test('lights of stoplight 5 are shown as the library shows their colours', async () => {
  const { client } = own;
  const [at, long] = [now() - 10, now() - 100];
  for (const light of ['red', 'due', 'yellow', 'again green'])
    for (let i = 0; i < 3; i += 1) await library.stoplightFailure(client, light, long + 0.25);
  await library.stoplightFailure(client, 'green: once failed', at);
  await library.stoplightRed(client, 'red', at, 60);
  await library.stoplightRed(client, 'due', long + 0.5, 60);
  await library.stoplightRed(client, 'yellow', long, 60);
  await library.stoplightYellow(client, 'yellow', at + 0.125);
  await library.stoplightRed(client, 'again green', long, 60);
  await library.stoplightYellow(client, 'again green', at);
  await library.stoplightGreen(client, 'again green', at + 1);
  const lights = await list('stoplight');
  expect(lights.map(({ name, state, failures }) => [name, state, failures])).toEqual([
    ['again green', 'closed', 3],
    ['due', 'half-open', 3],
    ['green: once failed', 'closed', 1],
    ['red', 'open', 3],
    ['yellow', 'half-open', 3],
  ]);
  const light = (name: string) => lights.find((one) => one.name === name);
  expect(light('red')).toEqual({
    dialect: 'stoplight',
    name: 'red',
    state: 'open',
    locked: false,
    failures: 3,
    sinceMs: at * 1000,
    nextChangeMs: (at + 60) * 1000,
    lastError: 'Faraday::TimeoutError: Net::ReadTimeout at https://svc:***@api/v1',
    lastErrorAtMs: long * 1000 + 250,
    note: null,
  });
  expect(light('due')).toMatchObject({ sinceMs: (long + 60) * 1000 + 500, nextChangeMs: null });
  expect(light('yellow')?.sinceMs).toBe(at * 1000 + 125);
  expect(light('again green')?.sinceMs).toBe((at + 1) * 1000);
});

test('a lock of stoplight is shown, and when it is lost', async () => {
  const { client } = own;
  await library.stoplightFailure(client, 'locked', now());
  await library.stoplightRed(client, 'locked', now(), 60);
  await library.stoplightLock(client, 'locked', 'locked_green');
  await library.stoplightLock(client, 'never called', 'locked_red');
  await library.stoplightLock(client, 'odd', 'locked_blue');
  await library.stoplightLock(client, 'unlocked', 'unlocked');
  const { nowMs, breakers } = await listForeignBreakers(redis, 'stoplight');
  expect(breakers).toMatchObject([
    { name: 'locked', state: 'closed', locked: true, note: expect.stringMatching(/lock is lost/) },
    { name: 'never called', state: 'open', locked: true, nextChangeMs: null, note: null },
    { name: 'odd', state: 'unknown', locked: false, note: 'its lock "locked_blue" is not known' },
    { name: 'unlocked', state: 'closed', locked: false, failures: null },
  ]);
  const days = (breakers[0]!.nextChangeMs! - nowMs) / 86_400_000;
  expect(days).toBeGreaterThan(6.9);
  expect(days).toBeLessThanOrEqual(7);
});

test('lights of stoplight 6 have the names that they are registered by', async () => {
  const { client } = own;
  const at = now() + 0.5;
  await library.stoplight6Red(client, { system: 'df384ae97c77', id: 'cfe6861fa39e', name: 'Stripe API' }, at);
  await client.hset('stoplight:v6:df384ae97c77:{0123456789ab}:state', 'locked_state', 'locked_red');
  await client.zadd('stoplight:v6:df384ae97c77:{cfe6861fa39e}:window_metrics:ts_idx', 1, 'x');
  expect(await list('stoplight')).toMatchObject([
    { name: '0123456789ab', state: 'open', locked: true, note: 'its name is not registered' },
    {
      ...{
        name: 'Stripe API',
        state: 'open',
        failures: 3,
        sinceMs: at * 1000,
        nextChangeMs: (at + 60) * 1000,
      },
      lastError: 'Timeout::Error: execution expired',
    },
  ]);
  await library.stoplight6Red(client, { system: 'e12e115acf45', id: 'cfe6861fa39e', name: 'Stripe API' }, at);
  const notes = (await list('stoplight')).flatMap(({ name, note }) => (name === 'Stripe API' ? [note] : []));
  expect(notes).toEqual(['of system df384ae97c77', 'of system e12e115acf45']);
});

test('breakers of pybreaker have the names of their namespaces', async () => {
  const { client } = own;
  const opened = now() - 30;
  await library.pybreaker(client, null, { state: 'closed', failures: 2 });
  await library.pybreaker(client, 'payments:eu', { state: 'open', failures: 5, opened });
  await library.pybreaker(client, '{mail}', { state: 'half-open', failures: 5, opened });
  await client.set('notpybreaker:state', 'open');
  expect(await list('pybreaker')).toMatchObject([
    { name: 'payments:eu', state: 'open', failures: 5, sinceMs: opened * 1000, nextChangeMs: null },
    { name: 'pybreaker', state: 'closed', failures: 2, sinceMs: null, note: expect.stringMatching(/share/) },
    { name: '{mail}', state: 'half-open', failures: 5, sinceMs: null, note: null },
  ]);
});

test('breakers of gobreaker are open until their time is over, and half-open from then on', async () => {
  const { client } = own;
  const ms = Date.now();
  const go = (at: number) => new Date(at).toISOString().replace('Z', '456789Z');
  await library.gobreaker(client, 'open', { state: 2, start: go(ms - 5000), expiry: go(ms + 55_000) });
  await library.gobreaker(client, 'over', { state: 2, start: go(ms - 90_000), expiry: go(ms - 30_000) });
  await library.gobreaker(client, 'probing', { state: 1, start: go(ms - 1000), expiry: null });
  await library.gobreaker(client, 'closed', { state: 0, failures: 4, start: go(ms - 7000), expiry: null });
  const zoned = '2026-11-22T06:00:00.5+02:00';
  await library.gobreaker(client, 'windowed', { state: 0, failures: 1, start: zoned, expiry: zoned });
  await client.set('gobreaker:mutex:open', 'redsync');
  expect(await list('gobreaker')).toMatchObject([
    { name: 'closed', state: 'closed', failures: 4, sinceMs: ms - 7000, nextChangeMs: null },
    { name: 'open', state: 'open', failures: 0, sinceMs: ms - 5000, nextChangeMs: ms + 55_000 },
    { name: 'over', state: 'half-open', sinceMs: ms - 30_000, nextChangeMs: null },
    { name: 'probing', state: 'half-open', sinceMs: ms - 1000, nextChangeMs: null },
    { name: 'windowed', state: 'closed', sinceMs: null, nextChangeMs: null },
  ]);
});

test('what cannot be read is unknown, says why, and hides nothing else', async () => {
  const { client } = own;
  await client.lpush('gobreaker:state:list', 'x');
  await client.set('gobreaker:state:cut', '{"state":2,"gener');
  await client.set('gobreaker:state:null', 'null');
  await client.set('gobreaker:state:nine', '{"state":9}');
  await client.set('gobreaker:state:young', '{"state":2,"generation":1,"counts":null}');
  expect(await list('gobreaker')).toMatchObject([
    { name: 'cut', state: 'unknown', note: 'gobreaker:state:cut holds no state that gobreaker knows' },
    { name: 'list', state: 'unknown' },
    { name: 'nine', state: 'unknown' },
    { name: 'null', state: 'unknown' },
    { name: 'young', state: 'open', failures: null, sinceMs: null, nextChangeMs: null, note: null },
  ]);
  await client.set('a:pybreaker:state', 'melted');
  await client.hset('b:pybreaker:state', 'x', 'y');
  await client.mset({ 'c:pybreaker:state': 'open', 'c:pybreaker:fail_counter': 'many' });
  await client.set(Buffer.concat([Buffer.from([0xff]), Buffer.from(':pybreaker:state')]), 'open');
  expect(await list('pybreaker')).toMatchObject([
    { name: 'a', state: 'unknown', note: 'a:pybreaker:state holds no state that pybreaker knows' },
    { name: 'b', state: 'unknown' },
    { name: 'c', state: 'open', failures: null },
    { name: '\ufffd', state: 'unknown', note: 'its name is no UTF-8 text' },
  ]);
  await client.set('stoplight:v5:metadata:text', 'x');
  await client.hset('stoplight:v5:metadata:times', { breached_at: 'yesterday', last_error_json: '[' });
  await client.set('stoplight:v6:df384ae97c77:lights', 'x');
  await client.set('stoplight:v6:df384ae97c77:{a}:state', 'x');
  expect(await list('stoplight')).toMatchObject([
    { name: 'a', state: 'unknown', note: 'stoplight:v6:df384ae97c77:{a}:state is no hash' },
    { name: 'text', state: 'unknown', note: 'stoplight:v5:metadata:text is no hash' },
    { name: 'times', state: 'unknown', note: 'its breached_at is no time', lastError: null },
  ]);
});

test('thousands of breakers among many other keys are all listed, and nothing is changed', async () => {
  const fill = own.client.pipeline();
  for (let i = 0; i < 3000; i += 1) {
    fill.set(`gobreaker:state:svc-${i}`, '{"state":0,"counts":{"TotalFailures":1}}');
    fill.set(`other:${i}`, 'x');
  }
  await fill.exec();
  await own.client.config('RESETSTAT');
  expect(await list('gobreaker')).toHaveLength(3000);
  const stats = await own.client.info('commandstats');
  const used = [...stats.matchAll(/^cmdstat_([^:]+):/gm)].map(([, command]) => command);
  expect(used.filter((one) => !/^(config|info|scan|time|getrange)/.test(one!))).toEqual([]);
});

test('on a cluster the breakers of all masters are listed', async () => {
  const cluster = await startCluster({ nodes: 2 });
  try {
    const there = await connectRedis({ cluster: { nodes: cluster.seeds } });
    const names = Array.from({ length: 8 }, (_, i) => `svc-${i}`);
    for (const name of names) {
      await library.stoplightLock(there.client, `{${name}}`, 'locked_red');
      await library.pybreaker(there.client, `{${name}}`, { state: 'open' });
    }
    expect((await list('stoplight', there)).map(({ name }) => name)).toEqual(names);
    expect(await list('pybreaker', there)).toHaveLength(8);
    await there.close();
    const one = await connectRedis({ url: cluster.nodes[0]!.url });
    await expect(list('pybreaker', one)).rejects.toMatchObject({ code: 'REDIS_IS_CLUSTER' });
    await one.close();
  } finally {
    await cluster.stop();
  }
});
