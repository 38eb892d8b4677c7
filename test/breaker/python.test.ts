import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { connectRedis, type RedisConnection, runScript } from '../../src/backends/redis/index.ts';
import { breakerAdmit } from '../../src/backends/redis/scripts/breaker/admit.ts';
import { breakerSettle } from '../../src/backends/redis/scripts/breaker/settle.ts';
import { breakerSync } from '../../src/backends/redis/scripts/breaker/sync.ts';
import { knownBreakers, lookAtBreakers, operateBreaker, readEvents } from '../../src/breaker/index.ts';
import { scriptKeys } from '../../src/breaker/keys.ts';
import { useOwnRedis } from '../commands/own-redis.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { PythonBreaker, type Settings } from './python-driver.ts';

const NAME = 'wazuh-api';
const SETTINGS = { failureThreshold: 3, openMs: 200, successThreshold: 2 };
const OPERATOR = { by: 'ada', host: 'ops-1', reason: 'incident' };

const own = useOwnRedis();
let redis: RedisConnection;
const running: PythonBreaker[] = [];

beforeAll(async () => {
  redis = await connectRedis({ url: own.server.url });
});
afterEach(async () => {
  for (const one of running.splice(0)) await one.close();
});
afterAll(() => redis.close());

function startPython(settings: Settings = SETTINGS, url = own.server.url, env = {}): PythonBreaker {
  const python = new PythonBreaker(url, NAME, settings, env);
  running.push(python);
  return python;
}

async function look() {
  const [view] = await lookAtBreakers(redis, [NAME]);
  return view!;
}

type Reply = [string, string[], string[], string[], number];

/** What a process in Node asks; returns the last figure of the reply. */
async function nodeAsks(script: typeof breakerSync, request: object): Promise<number> {
  const args = [NAME, JSON.stringify({ instance: 'node-1', rev: 0, ...request })];
  const reply = (await runScript(redis.client, script, scriptKeys(redis, NAME), args)) as Reply;
  return reply[4];
}

const nodeFails = async (fail: number) => nodeAsks(breakerSync, { version: (await look()).version, fail });

test('what Python opens is open here, and Python alone is told that it was the one', async () => {
  const [python, other] = [startPython({ ...SETTINGS, minimumCalls: null }), startPython()];
  await other.tell('sync');
  for (let i = 0; i < 3; i += 1) expect(await python.tell('call', true)).toBe('failed');
  expect(await python.tell('sync')).toBe(true);
  const view = await look();
  expect(view).toMatchObject({
    state: 'open',
    cause: 'failures',
    detail: '3 of 3 calls failed in 60s, threshold 3',
    lastError: 'TimeoutError',
  });
  expect(view.declared).toEqual(SETTINGS);
  expect(await knownBreakers(redis)).toEqual([NAME]);
  await other.tell('sync');
  await python.tell('sync');
  expect(await python.tell('moves')).toEqual([{ version: 1, from: 'closed', to: 'open', cause: 'failures' }]);
  expect(await other.tell('moves')).toEqual([]);
  const opened = (await readEvents(redis, { wanted: null, limit: 10 })).find(({ to }) => to === 'open');
  expect(opened?.instance).toBe(await python.tell('instance'));
});

test('Python rejects what was opened here, and passes again when probes have succeeded', async () => {
  const python = startPython({ ...SETTINGS, openMs: 60_000 });
  expect(await python.tell('call', false)).toBe('answer');
  await python.tell('sync');
  await nodeFails(3);
  await python.tell('sync');
  expect(await python.tell('call', false)).toBe('rejected: open');
  await operateBreaker(redis, NAME, { verb: 'trip', forMs: 1 }, OPERATOR);
  await python.tell('sync');
  await waitFor(async () => (await python.tell('call', false)) === 'answer', { what: 'a probe' });
  expect(await look()).toMatchObject({ state: 'half-open', successes: 1 });
  expect(await python.tell('call', false)).toBe('answer');
  expect(await look()).toMatchObject({ state: 'closed', cause: 'recovered' });
  expect(await python.tell('call', false)).toBe('answer');
});

test('Python obeys an override and its end', async () => {
  const python = startPython();
  await python.tell('sync');
  await operateBreaker(redis, NAME, { verb: 'hold', mode: 'open' }, OPERATOR);
  await python.tell('sync');
  expect(await python.tell('call', false)).toBe('rejected: held open');
  await python.tell('sync');
  expect(await look()).toMatchObject({ counts: { rejected: 1 } });
  await operateBreaker(redis, NAME, { verb: 'hold', mode: 'closed' }, OPERATOR);
  await python.tell('sync');
  for (let i = 0; i < 4; i += 1) await python.tell('call', true);
  await python.tell('sync');
  expect(await look()).toMatchObject({ state: 'closed', counts: { failed: 4 } });
  await operateBreaker(redis, NAME, { verb: 'hold', mode: 'open', forMs: 200 }, OPERATOR);
  await python.tell('sync');
  await waitFor(async () => (await python.tell('call', false)) === 'answer', {
    what: 'its end, without a look',
  });
});

test('one probe at a time between Python and Node', async () => {
  const python = startPython();
  await python.tell('sync');
  await nodeFails(3);
  await python.tell('sync');
  await waitFor(async () => (await python.tell('allow', 'a')) === 'probe', { what: 'a probe' });
  expect(await nodeAsks(breakerAdmit, { lease: 'node-1-a' })).toBe(0);
  expect(await look()).toMatchObject({ state: 'half-open', probesUnderWay: 1 });
  await python.tell('record', 'a', 'ok');
  expect(await nodeAsks(breakerAdmit, { lease: 'node-1-b' })).toBe(1);
  expect(await waitFor(() => python.tell('allow', 'b'))).toBe('rejected: half-open');
  const { version } = await look();
  expect(
    await nodeAsks(breakerSettle, { lease: 'node-1-b', version, outcome: 'fail', error: 'still down' }),
  ).toBe(1);
  expect(await look()).toMatchObject({ state: 'open', cause: 'probe-failed', openings: 2 });
});

test('a probe of Python that hangs is given up, and says nothing when it ends', async () => {
  const python = startPython({ ...SETTINGS, openMs: 1, probeTimeoutMs: 100 });
  await python.tell('sync');
  await nodeFails(3);
  await python.tell('sync');
  await waitFor(async () => (await python.tell('allow', 'a')) === 'probe', { what: 'a probe' });
  const lapses = () => redis.client.zrange(scriptKeys(redis, NAME)[3]!, '0', '-1', 'WITHSCORES');
  const [lease, granted] = await lapses();
  await sleep(2);
  await python.tell('sync');
  const [same, renewed] = await lapses();
  expect(same).toBe(lease);
  expect(Number(renewed)).toBeGreaterThan(Number(granted));
  const asks = async () => {
    await python.tell('sync');
    return (await nodeAsks(breakerAdmit, { lease: 'node-1-a' })) === 1;
  };
  await waitFor(asks, { what: 'a probe of Node', timeoutMs: 3000 });
  await python.tell('record', 'a', 'fail');
  expect(await look()).toMatchObject({ state: 'half-open' });
});

test('what a callback of Python raises costs neither a result nor a probe', async () => {
  const python = startPython({ ...SETTINGS, openMs: 1 });
  await python.tell('break_callbacks', 'error');
  for (let i = 0; i < 3; i += 1) await python.tell('call', true);
  expect(await python.tell('sync')).toBe(true);
  await waitFor(async () => (await python.tell('call', false)) === 'answer', { what: 'a probe' });
  expect(await look()).toMatchObject({ state: 'half-open', successes: 1, probesUnderWay: 0 });
  expect(await python.tell('call', false)).toBe('answer');
  expect(await look()).toMatchObject({ state: 'closed', cause: 'recovered' });
  await python.tell('sync');
  const tos = (await python.tell<{ to: string }[]>('moves')).map(({ to }) => to);
  expect(tos).toEqual(['open', 'half-open', 'closed']);
});

test('what Python let through before a move says nothing after it', async () => {
  const beside = startPython({ ...SETTINGS, failureThreshold: 1, instances: 2 });
  await beside.tell('sync');
  expect(await beside.tell('allow', 'a')).toBe('pass');
  expect(await beside.tell('allow', 'b')).toBe('pass');
  await operateBreaker(redis, NAME, { verb: 'trip' }, OPERATOR);
  await beside.tell('sync');
  await beside.tell('record', 'a', 'fail');
  await operateBreaker(redis, NAME, { verb: 'reset' }, OPERATOR);
  await beside.tell('sync');
  await beside.tell('record', 'b', 'fail');
  expect(await beside.tell('call', false)).toBe('answer');
  await beside.tell('sync');
  expect(await look()).toMatchObject({ state: 'closed', counts: { ok: 1, failed: 0 } });
});

test('neither does it where Python has moved by itself', async () => {
  const settings = { failureThreshold: 1, openMs: 1, successThreshold: 1 };
  const alone = startPython(settings, 'redis://127.0.0.1:1');
  expect(await alone.tell('allow', 'a')).toBe('pass');
  expect(await alone.tell('call', true)).toBe('failed');
  await waitFor(async () => (await alone.tell('call', false)) === 'answer', { what: 'a probe', everyMs: 2 });
  expect(await alone.tell('status')).toMatchObject({ state: 'closed' });
  await alone.tell('record', 'a', 'fail');
  expect(await alone.tell('status')).toMatchObject({ state: 'closed' });
});

test('Python goes on by itself while Redis is away, and brings back what Redis has lost', async () => {
  const server = await startRedis();
  try {
    const away = await connectRedis({ url: server.url });
    const lookThere = async () => (await lookAtBreakers(away, [NAME]))[0]!;
    const python = startPython({ ...SETTINGS, openMs: 60_000 }, server.url);
    await python.tell('sync');
    await operateBreaker(away, NAME, { verb: 'set', changes: { failureThreshold: 4 } }, OPERATOR);
    await python.tell('sync');
    const { seq } = await lookThere();
    await server.kill9();
    expect(await python.tell('sync')).toBe(false);
    for (let i = 0; i < 4; i += 1) expect(await python.tell('call', true)).toBe('failed');
    expect(await python.tell('call', false)).toBe('rejected: open, without Redis');
    await python.tell('sync');
    expect(await python.tell('status')).toMatchObject({
      state: 'open',
      redis: expect.stringMatching(/refused/),
    });

    await server.restart();
    expect(await python.tell('sync')).toBe(true);
    expect(await python.tell('call', false)).toBe('answer');
    expect(await python.tell('status')).toMatchObject({ state: 'closed', redis: 'ok' });
    const view = await waitFor(lookThere, { what: 'the connection of Node' });
    expect(view).toMatchObject({
      state: 'closed',
      set: { failureThreshold: 4 },
      declared: { openMs: 60_000 },
    });
    expect(view.seq).toBe(seq + 1);
    expect(await readEvents(away, { wanted: null, limit: 10 })).toMatchObject([{ type: 'restore' }]);

    await operateBreaker(away, NAME, { verb: 'hold', mode: 'open' }, OPERATOR);
    await python.tell('sync');
    await server.kill9();
    expect(await python.tell('sync')).toBe(false);
    expect(await python.tell('call', false)).toBe('rejected: held open');
    await server.restart();
    await python.tell('sync');
    expect(await waitFor(lookThere)).toMatchObject({ override: { mode: 'open', ...OPERATOR } });
    await away.close();
    for (const one of running.splice(0)) await one.close();
  } finally {
    await server.stop();
  }
});

test('Python flushes and looks by itself once it was started, whatever a callback does', async () => {
  const python = startPython();
  await python.tell('break_callbacks', 'exit');
  await python.tell('start');
  for (let i = 0; i < 3; i += 1) await python.tell('call', true);
  await waitFor(async () => (await python.tell<unknown[]>('moves')).length === 1, { what: 'a flush' });
  await operateBreaker(redis, NAME, { verb: 'hold', mode: 'closed' }, OPERATOR);
  const isHeld = async () => {
    const { override, redis: trouble } = await python.tell<Record<string, unknown>>('status');
    return override === 'closed' && trouble === 'ok';
  };
  await waitFor(isHeld, { what: 'a look after that', timeoutMs: 3000 });
});

test('Python comes in over TLS, with a password from the environment and no more rights than the docs name', async () => {
  const server = await startRedis({ tls: true, password: 's3cret' });
  try {
    const { ca } = server.certificates!;
    const admin = await connectRedis({ url: server.url, tls: { ca: readFileSync(ca, 'utf8') } });
    const [, , ...rights] = documentedRights().replace('PASSWORD', 'pw').split(' ');
    await admin.client.call('ACL', 'SETUSER', ...rights);
    const url = `rediss://breakers@${server.host}:${server.port}`;
    const python = startPython(SETTINGS, url, { REDIS_PASSWORD: 'pw', REDIS_TLS_CA: ca });
    for (let i = 0; i < 3; i += 1) await python.tell('call', true);
    expect(await python.tell('sync')).toBe(true);
    expect(await waitFor(async () => (await python.tell('call', false)) === 'answer')).toBe(true);
    expect(await python.tell('call', false)).toBe('answer');
    expect(await python.tell('status')).toMatchObject({ redis: 'ok', state: 'closed', version: 3 });
    expect(await knownBreakers(admin)).toEqual([NAME]);

    const stranger = startPython(SETTINGS, url, { REDIS_PASSWORD: 'wrong', REDIS_TLS_CA: ca });
    expect(await stranger.tell('sync')).toBe(false);
    expect(await stranger.tell('status')).toMatchObject({ redis: expect.stringMatching(/^WRONGPASS/) });
    for (const one of running.splice(0)) await one.close();
    await admin.close();
  } finally {
    await server.stop();
  }
});

function documentedRights(): string {
  const page = readFileSync(new URL('../../docs/breakers.md', import.meta.url), 'utf8');
  return /^ACL SETUSER .*$/m.exec(page)![0];
}
