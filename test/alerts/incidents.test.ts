import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest';
import { FileAlertStore } from '../../src/alerts/file-store.ts';
import { listAlerts } from '../../src/alerts/index.ts';
import { RedisAlertStore } from '../../src/alerts/redis-store.ts';
import { freshState } from '../../src/alerts/state.ts';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { alertKey } from '../../src/model/keys.ts';
import { answersPing, startRedis, type TestRedis } from '../support/redis.ts';
import { inTime, waitFor } from '../support/wait.ts';
import { type Host, hostOf, planOf, stateFolder } from './driver.ts';
import { type Receiver, startReceiver } from './receivers.ts';

let server: TestRedis;
let client: Redis;
let hook: Receiver;
let folder: string;
let hosts: Host[] = [];

beforeAll(async () => {
  server = await startRedis();
  client = new Redis(server.url);
  client.on('error', () => undefined);
});
beforeEach(async () => {
  if (!(await answersPing(server.port))) await server.restart();
  await client.flushall();
  hook = await startReceiver();
  folder = await stateFolder();
});
afterEach(async () => {
  await Promise.all(hosts.map((host) => host.stop()));
  hosts = [];
  await hook.stop().catch(() => undefined);
});
afterAll(async () => {
  client.disconnect();
  await server.stop();
});

const times = { graceMs: 200, retryMs: 50 };
const RULE =
  'name: deep, metric: stream.length, with: { stream: orders }, failure: value > 2, interval: 50ms';

const plan = (rule = RULE, channels = '') =>
  planOf(`
channels:
  hook: { kind: webhook, url: '${hook.url}/a', timeout: 2s }
${channels}
rules:
  - { ${rule} }`);

async function host(given: Awaited<ReturnType<typeof plan>>, options = {}): Promise<Host> {
  const one = await hostOf(given, server.url, folder, { times, ...options });
  hosts.push(one);
  return one;
}

const add = async (count: number) => {
  for (let i = 0; i < count; i += 1) await client.xadd('orders', '*', 'n', i);
};
const told = () => hook.got.map(({ body }) => body.state);
const measured = ({ events }: Host, outcome: string) =>
  events.filter((event) => event.type === 'alert-measured' && event.outcome === outcome).length;

test('five processes at once tell of an incident once, and once of its end', async () => {
  const given = await plan();
  const all = await Promise.all(Array.from({ length: 5 }, (_, at) => host(given, { name: `h${at}` })));
  await add(3);
  for (const { runner } of all) runner.start();
  await waitFor(() => hook.got.length > 0);
  // All of them look again and again meanwhile.
  await waitFor(() => all.reduce((sum, one) => sum + measured(one, 'fail'), 0) >= 10);
  await client.del('orders');
  await add(1);
  await waitFor(() => hook.got.length > 1);
  await waitFor(() => all.reduce((sum, one) => sum + measured(one, 'pass'), 0) >= 5);
  expect(told()).toEqual(['firing', 'resolved']);
  expect(new Set(hook.got.map(({ body }) => body.incident)).size).toBe(1);
  expect(hook.got[1]!.body.lastedMs).toBeGreaterThan(0);
});

test('one that goes on is told of again, each time once, however many look', async () => {
  const given = await plan(`${RULE}, repeat: 300ms`);
  const all = await Promise.all([host(given), host(given), host(given)]);
  await add(3);
  for (const { runner } of all) runner.start();
  await waitFor(() => hook.got.length >= 4);
  const repeats = hook.got.map(({ body }) => body.repeats);
  expect(repeats).toEqual(repeats.map((_, at) => at));
});

test('a receiver that is down is told once it is back, and the other one is not told twice', async () => {
  const other = await startReceiver();
  await hook.stop();
  const given = await plan(RULE, `  other: { kind: webhook, url: '${other.url}/b' }`);
  const one = await host(given);
  await add(3);
  one.runner.start();
  const failures = () => one.events.filter((event) => event.type === 'alert-message' && event.error !== null);
  await waitFor(() => failures().length >= 3);
  expect(failures()[0]).toMatchObject({
    channel: 'hook',
    error: expect.stringContaining('nothing listens there (ECONNREFUSED)'),
  });
  await hook.start();
  await waitFor(() => hook.got.length > 0);
  await client.del('orders');
  await add(1);
  await waitFor(() => hook.got.length > 1 && other.got.length > 1);
  expect(told()).toEqual(['firing', 'resolved']);
  expect(other.got.map(({ body }) => body.state)).toEqual(['firing', 'resolved']);
  await other.stop();
});

test('a process that is killed while it sends: another sends the same message once the lease is over', async () => {
  const given = await plan();
  const killed = await host(given);
  await add(3);
  let asked = 0;
  // The first one never gets an answer.
  hook.answer = () => (asked++ === 0 ? { status: 0 } : undefined);
  const looking = killed.runner.lookOnce().catch(() => undefined);
  await waitFor(() => asked === 1);
  // As a kill would: what was sent is noted by nobody.
  await killed.stop();
  await inTime(looking, 'the end of the process');
  const other = await host(given);
  other.runner.start();
  await waitFor(() => hook.got.length > 0);
  expect(told()).toEqual(['firing']);
  expect(hook.got[0]!.body.id).toMatch(/^deep-\w+\/1$/);
});

test('a second look at the same time ends at once, and tells nobody', async () => {
  const given = await plan(RULE.replace('50ms', '1h'));
  await add(3);
  const [one, two] = await Promise.all([host(given), host(given)]);
  await Promise.all([one.runner.lookOnce(), two.runner.lookOnce()]);
  expect(measured(one, 'fail') + measured(two, 'fail')).toBe(1);
  expect(told()).toEqual(['firing']);
  // Not due again for an hour.
  expect(await (await host(given)).runner.lookOnce()).toEqual({ measured: 0, sent: 0, failed: 0 });
});

test('cron holds an incident over its calls', async () => {
  const given = await plan(`${RULE}, for: 150ms`.replace('50ms', '10ms'));
  await add(3);
  const look = async () => (await host(given)).runner.lookOnce();
  await look();
  expect(told()).toEqual([]);
  await waitFor(async () => (await look()) && hook.got.length > 0);
  expect(told()).toEqual(['firing']);
});

test('a rule that is in the configuration no more is closed, and nobody is told', async () => {
  await add(3);
  const before = await host(await plan());
  await before.runner.lookOnce();
  const after = await plan(RULE.replace('deep', 'other'));
  // Somebody may still have the old configuration.
  const early = await host(after);
  await early.runner.lookOnce();
  expect(await client.exists(alertKey('deep'))).toBe(1);
  const late = await host(after, { removedAfterMs: 0 });
  await waitFor(async () => {
    await late.runner.lookOnce();
    return late.events.some((event) => event.type === 'alert-removed' && event.rule === 'deep');
  });
  expect(await client.exists(alertKey('deep'))).toBe(0);
  expect(hook.got.map(({ body }) => `${body.rule} ${body.state}`)).toEqual(['deep firing', 'other firing']);
});

test('rules that cannot be measured have one incident each', async () => {
  await client.set('orders', 'a text');
  const one = await host(await plan(`${RULE}, errorLimit: 1`));
  one.runner.start();
  await waitFor(() => hook.got.length > 0);
  await client.del('orders');
  await add(1);
  await waitFor(() => hook.got.length > 1);
  expect(hook.got.map(({ body }) => [body.kind, body.state, body.summary])).toEqual([
    ['blind', 'firing', 'deep cannot be measured'],
    ['blind', 'resolved', 'deep cannot be measured'],
  ]);
  expect(hook.got[0]!.body.why).toMatch(/^it could not be measured 2 times in a row: .*another kind/i);
});

const LOST = `name: lost, metric: redis.up, failure: value == 0, interval: 50ms`;

test('Redis stops and starts: each host tells once that it is lost, once that it is back, and nothing else twice', async () => {
  const given = await planOf(`
channels:
  hook: { kind: webhook, url: '${hook.url}/a', timeout: 2s }
rules:
  - { ${RULE}, errorLimit: 0 }
  - { ${RULE.replace('deep', 'late').replace('length', 'oldestAge').replace('> 2', '> 1h')}, errorLimit: 0 }
  - { ${LOST} }`);
  const elsewhere = await stateFolder();
  await add(3);
  const all = await Promise.all([
    host(given),
    host(given),
    hostOf(given, server.url, elsewhere, { times, name: 'there' }),
  ]);
  hosts.push(all[2]!);
  for (const { runner } of all) runner.start();
  // A host that has not seen yet that it was told would have to tell it again.
  const knows = async (where: string) => {
    const { state } = await new FileAlertStore(where, given.id, () => undefined).read('deep');
    return state?.incidents[0]?.told.hook === 1;
  };
  await waitFor(async () => (await knows(folder)) && (await knows(elsewhere)));
  await server.kill9();
  await waitFor(() => hook.got.filter(({ body }) => body.rule === 'lost').length === 2);
  // They go on to look while it is away.
  const looks = () => all.reduce((sum, one) => sum + measured(one, 'fail'), 0);
  const before = looks();
  await waitFor(() => looks() > before + 10);
  // Nothing that was in it is there any more: neither the stream nor what was told.
  await server.restart();
  await waitFor(() => hook.got.filter(({ body }) => body.rule === 'lost').length === 4);
  await add(1);
  await waitFor(() => hook.got.some(({ body }) => body.rule === 'deep' && body.state === 'resolved'));
  const seen = hook.got.map(
    ({ body }) => `${body.rule} ${body.state} ${body.rule === 'lost' ? body.host : ''}`,
  );
  expect(seen.toSorted()).toEqual([
    'deep firing ',
    'deep resolved ',
    'lost firing here',
    'lost firing there',
    'lost resolved here',
    'lost resolved there',
  ]);
});

test('a Redis that refuses the login is told of, too', async () => {
  const one = await hostOf(
    await plan(`${LOST}, errorLimit: 1`),
    server.url.replace('//', '//nobody:x@'),
    folder,
    {
      times,
    },
  );
  hosts.push(one);
  one.runner.start();
  await waitFor(() => hook.got.length > 0);
  expect(hook.got[0]!.body).toMatchObject({ rule: 'lost', kind: 'blind', state: 'firing' });
});

test('while Redis is away one process of a host tells of what needs no Redis, also from cron', async () => {
  const given = await plan(
    `name: down, metric: http, with: { url: '${hook.url}/health' }, failure: value != 200, interval: 10ms`,
  );
  hook.answer = ({ path }) => (path === '/health' ? { status: 503 } : undefined);
  await server.kill9();
  for (let i = 0; i < 3; i += 1) {
    await Promise.all([(await host(given)).runner.lookOnce(), (await host(given)).runner.lookOnce()]);
  }
  expect(told()).toEqual(['firing']);
  // Redis learns of it, and does not tell it again.
  await server.restart();
  const late = await host(given);
  await waitFor(async () => (await late.runner.lookOnce()).measured > 0);
  const redis = await connectRedis({ url: server.url });
  const [row] = await listAlerts(redis, given);
  await redis.close();
  expect(row).toMatchObject({ state: 'firing', incidents: [{ told: ['hook'], owed: [] }] });
  expect(told()).toEqual(['firing']);
});

test('what was told while Redis was away is not told again by a Redis that knows of nothing', async () => {
  const given = await plan(
    `name: down, metric: http, with: { url: '${hook.url}/health' }, failure: value != 200, interval: 10ms`,
  );
  let healthy = true;
  hook.answer = ({ path }) => (path === '/health' ? { status: healthy ? 200 : 503 } : undefined);
  await (await host(given)).runner.lookOnce();
  healthy = false;
  // To this process Redis is away.
  const cut = await hostOf(given, 'redis://127.0.0.1:1', folder, { times });
  hosts.push(cut);
  await waitFor(async () => (await cut.runner.lookOnce()).sent > 0);
  const states = () => hook.got.flatMap(({ body }) => (body ? [body.state] : []));
  expect(states()).toEqual(['firing']);
  const back = await host(given);
  await waitFor(async () => (await back.runner.lookOnce()).measured > 0);
  expect(states()).toEqual(['firing']);
  healthy = true;
  await waitFor(async () => (await (await host(given)).runner.lookOnce()).sent > 0);
  expect(states()).toEqual(['firing', 'resolved']);
});

test('changes that many make at the same instant are all made', async () => {
  const redis = await connectRedis({ url: server.url });
  const files = () => new FileAlertStore(folder, 'plan', () => undefined);
  const stores = [() => new RedisAlertStore(async () => redis), files];
  for (const store of stores) {
    const change = () =>
      store().update('deep', (kept) => {
        const state = kept ?? freshState('');
        return { state: { ...state, errorsInARow: state.errorsInARow + 1 }, result: null };
      });
    await Promise.all(Array.from({ length: 12 }, change));
    expect((await store().read('deep')).state?.errorsInARow).toBe(12);
  }
  await redis.close();
});

test('a receiver that takes its time holds up no measurement', async () => {
  const one = await host(await plan());
  await add(3);
  hook.answer = () => ({ status: 0 });
  one.runner.start();
  await waitFor(() => measured(one, 'fail') >= 5, { timeoutMs: 1900 });
  expect(one.events.filter(({ type }) => type === 'alert-message')).toEqual([]);
});

test('what is kept on this host and cannot be read is told once, and alerts go on in memory', async () => {
  const notes: string[] = [];
  const folder = await stateFolder();
  // Anybody but root would meet this as a file of another user.
  const own = '64879f7d6b960a01';
  await mkdir(join(folder, own, 'deep.json'), { recursive: true });
  const files = new FileAlertStore(folder, 'plan', (text) => notes.push(text));
  expect((await files.read('deep')).state).toBeNull();
  await files.update('deep', () => ({ state: freshState('test'), result: null }));
  expect((await files.read('deep')).state).toMatchObject({ owner: 'test' });
  expect(notes).toEqual([expect.stringMatching(/^cannot keep alerts in .*EISDIR.*kept in memory$/)]);
});
