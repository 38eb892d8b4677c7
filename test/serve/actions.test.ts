import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { digestOf } from '../../src/serve/access/compare.ts';
import { audited } from '../../src/serve/actions/audit.ts';
import { type Credentials, credentialsOf, type RunningServer } from '../../src/serve/index.ts';
import { useOwnRedis } from '../commands/own-redis.ts';
import { uniqueName } from '../support/shared.ts';
import { inTime, waitFor } from '../support/wait.ts';
import { type Answered, ask, fakeOverview, post, served, servedOver, TOKEN, watch } from './driver.ts';

const redis = useOwnRedis();
let credentials: Credentials;
beforeAll(() => {
  credentials = credentialsOf(TOKEN, new Map([['anna', digestOf('correct horse')]]));
});

/** Acts as the page does, with the token that it was given. */
async function act(
  server: RunningServer,
  path: string,
  body: object,
  headers: Record<string, string> = {},
): Promise<Answered> {
  const { json } = await ask(server, '/api/session', { headers });
  const csrf = { 'x-csrf-token': json.actions.csrfToken as string };
  return post(server, `/api/actions/${path}`, { reason: 'INC-4711', ...body }, { ...csrf, ...headers });
}

/** The audit as fields, the oldest first. */
async function audit(): Promise<Record<string, string>[]> {
  const rows = await redis.client.xrange('qctl:audit', '-', '+');
  return rows.map(([id, fields]) => ({
    id,
    ...Object.fromEntries(fields.flatMap((name, at) => (at % 2 === 0 ? [[name, fields[at + 1]!]] : []))),
  }));
}

const MANIFEST = {
  ...{ run: 'alerts-1', createdAt: '2026-11-21T09:04:46.000Z', startedBy: 'ann@desk' },
  ...{ sourceIdentity: 'postgres:shop/public.alerts', mode: 'move', lanes: 1, ledgerRun: 'alerts-1' },
  source: { kind: 'postgres', name: 'alerts', label: 'postgres://db/shop public.alerts' },
  target: { label: 'redis://there', stream: 'alerts', partitions: 1 },
  ...{ context: {}, spec: null, fields: null },
};

/** A drain that is recorded, with nobody at work on it. */
async function recordRun(): Promise<void> {
  await redis.client.zadd('qctl:runs', 1, 'alerts-1');
  await redis.client.hset('qctl:run:alerts-1', { manifest: JSON.stringify(MANIFEST), state: 'running' });
}

describe('without --allow-actions', () => {
  test('nothing can be changed, and that is said', async () => {
    const { server } = await servedOver(redis.server.url, { allow: false });
    const { json: session } = await ask(server, '/api/session');
    expect(session).toEqual({ user: null, via: 'none', actions: null });
    expect(await (await watch(server)).until('hello')).toMatchObject({ actions: null });
    for (const path of ['breakers/x/trip', 'runs/x/stop', 'cutovers/x/abort']) {
      const { status, json } = await post(server, `/api/actions/${path}`, { reason: 'x' });
      expect([status, json.code, json.hint]).toEqual([
        403,
        'ACTIONS_OFF',
        [expect.stringContaining('--allow-actions')],
      ]);
    }
    expect(await redis.client.dbsize()).toBe(0);
  });
});

describe('an action', () => {
  test('needs the token of this very session, from the page or from hello', async () => {
    const { server } = await servedOver(redis.server.url, { options: { credentials } });
    const login = async (given: object) => {
      const { headers } = await post(server, '/login', given);
      return { cookie: String(headers['set-cookie']).split(';')[0]! };
    };
    const [anna, other] = [
      await login({ user: 'anna', password: 'correct horse' }),
      await login({ user: 'anna', password: 'correct horse' }),
    ];
    const tokenOf = async (headers: { cookie: string }) =>
      (await ask(server, '/api/session', { headers })).json.actions.csrfToken as string;
    await recordRun();
    const pause = (csrf: string | undefined) =>
      post(
        server,
        '/api/actions/runs/alerts-1/pause',
        { reason: 'x' },
        { ...anna, ...(csrf && { 'x-csrf-token': csrf }) },
      );
    for (const wrong of [undefined, 'x', await tokenOf(other)]) {
      const { status, json } = await pause(wrong);
      expect([status, json.code]).toEqual([403, 'CSRF_TOKEN']);
    }
    expect(await redis.client.exists('qctl:audit')).toBe(0);
    const { actions } = await (await watch(server, anna)).until('hello');
    expect((await pause(actions!.csrfToken)).status).toBe(200);
    expect((await audit())[0]).toMatchObject({ who: 'anna', what: 'drain pause' });
  });

  test('needs a reason, and nothing that nobody knows', async () => {
    const { server } = await servedOver(redis.server.url);
    const cases: [string, object][] = [
      ['runs/r/pause', { reason: undefined }],
      ['runs/r/pause', { reason: '  ' }],
      ['runs/r/pause', { reason: 'x'.repeat(301) }],
      ['runs/r/pause', { force: true }],
      ['runs/r/destroy', {}],
      ['breakers/b/hold', {}],
      ['breakers/b/hold', { mode: 'ajar' }],
      ['breakers/b/hold', { mode: 'open', until: 'tomorrow' }],
      ['breakers/b/trip', { for: '0s' }],
      ['breakers/b/trip', { for: '9999d' }],
      ['cutovers/c/approve', {}],
    ];
    for (const [path, body] of cases) {
      const { status, json } = await act(server, path, body);
      expect([path, body, status, json.type]).toEqual([path, body, 400, 'error']);
    }
    expect(await redis.client.exists('qctl:audit')).toBe(0);
  });

  test('is not begun where it cannot be written down', async () => {
    await redis.client.set('qctl:audit', 'somebody else has this key');
    await recordRun();
    const { server, acted } = await servedOver(redis.server.url);
    const { status, json } = await act(server, 'runs/alerts-1/pause', {});
    expect(status).toBeGreaterThanOrEqual(500);
    expect(json.message).toContain('nothing was done');
    expect(await redis.client.hget('qctl:run:alerts-1', 'control:paused')).toBeNull();
    expect(acted).toEqual([]);
  });
});

describe('a circuit breaker', () => {
  test('is tripped, held, released and reset, by whom and why, and the audit tells of each what came of it', async () => {
    const breakers = { 'wazuh-api': {} };
    const { server, acted } = await servedOver(redis.server.url, { actions: { breakers } });
    const state = () => redis.client.hgetall('qctl:{cb:wazuh-api}:state');
    const forwarded = { 'x-forwarded-for': '10.0.0.5' };
    const tripped = await act(server, 'breakers/wazuh-api/trip', { for: '10m' }, forwarded);
    expect(tripped.json).toMatchObject({
      verb: 'trip',
      object: 'wazuh-api',
      audit: expect.stringMatching(/^\d+-\d+$/),
    });
    expect(await state()).toMatchObject({ state: 'open', by: 'anonymous', reason: 'INC-4711' });
    expect((await act(server, 'breakers/wazuh-api/hold', { mode: 'closed', until: 'released' })).status).toBe(
      200,
    );
    expect(await redis.client.hgetall('qctl:{cb:wazuh-api}:override')).toMatchObject({ mode: 'closed' });
    expect((await act(server, 'breakers/wazuh-api/release', {})).status).toBe(200);
    expect((await act(server, 'breakers/wazuh-api/reset', {})).status).toBe(200);
    expect(await state()).toMatchObject({ state: 'closed' });
    const [begun, ended, ...rest] = await audit();
    expect(begun).toMatchObject({
      ...{ id: tripped.json.audit, phase: 'begun', who: 'anonymous', address: '127.0.0.1' },
      ...{
        forwardedFor: '10.0.0.5',
        what: 'breaker trip',
        object: 'wazuh-api',
        reason: 'INC-4711',
        details: 'for=10m',
      },
    });
    expect(ended).toMatchObject({ phase: 'ended', of: begun!.id, outcome: 'done', why: '' });
    expect(rest.map(({ phase }) => phase)).toEqual(['begun', 'ended', 'begun', 'ended', 'begun', 'ended']);
    expect(acted.map(({ what, failure }) => [what, failure])).toEqual(
      ['trip', 'hold', 'release', 'reset'].map((verb) => [`breaker ${verb}`, null]),
    );
  });

  test('that nobody knows is not made by a typo, and the attempt is on record', async () => {
    const { server } = await servedOver(redis.server.url);
    const { status, json } = await act(server, `breakers/${encodeURIComponent('wazzuh/api')}/trip`, {});
    expect([status, json.code]).toEqual([404, 'BREAKER_UNKNOWN']);
    expect(await redis.client.keys('qctl:{cb:*')).toEqual([]);
    expect((await audit()).at(-1)).toMatchObject({
      outcome: 'failed',
      why: 'there is no breaker wazzuh/api',
    });
    for (const name of ['constructor', '__proto__'])
      expect((await act(server, `breakers/${name}/trip`, {})).json.code).toBe('BREAKER_UNKNOWN');
    expect(await redis.client.keys('qctl:{cb:*')).toEqual([]);
  });
});

test('nothing is begun while Redis is away: it would be done when nobody waits for it any more', async () => {
  const overview = fakeOverview();
  let asked = 0;
  const actions = {
    redis: async () => {
      asked += 1;
      throw new Error('asked');
    },
    cutovers: async () => Promise.reject(new Error('asked')),
    breakers: {},
  };
  const server = await served(overview, {}, { actions });
  overview.show({ away: { since: '2026-11-22T02:00:00.000Z', why: 'Redis has not answered for 5 s' } });
  const { status, json } = await act(server, 'breakers/x/trip', {});
  expect([status, json.code, asked]).toEqual([503, 'REDIS_AWAY', 0]);
});

test('a drain is paused, resumed and stopped as from the command line', async () => {
  await recordRun();
  const { server } = await servedOver(redis.server.url);
  const decided = (what: string) => redis.client.hget('qctl:run:alerts-1', `control:${what}`);
  expect((await act(server, 'runs/alerts-1/pause', {})).status).toBe(200);
  expect(await decided('paused')).toContain('"by":"anonymous@127.0.0.1","reason":"INC-4711"');
  expect((await act(server, 'runs/alerts-1/resume', {})).status).toBe(200);
  expect(await decided('paused')).toBeNull();
  expect((await act(server, 'runs/alerts-1/stop', {})).status).toBe(200);
  expect(await decided('stop')).toContain('anonymous');
  const { status, json } = await act(server, 'runs/alerts-2/pause', {});
  expect([status, json.code]).toEqual([404, 'RUN_NOT_FOUND']);
});

test('a step of a cutover is approved, and the run that waits for it goes on', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'qctl-serve-'));
  const name = uniqueName('flip');
  const plan = join(folder, 'plan.yaml');
  await writeFile(
    plan,
    `apiVersion: qctl/v1\nname: ${name}\nsteps:\n  - { name: gate, approve: { text: 'go on?' } }\n`,
  );
  const running = redis.run(['cutover', 'run', plan, '--yes'], {
    env: { QCTL_STATE_DIR: folder },
  });
  const { server } = await servedOver(redis.server.url);
  const waiting = await Promise.race([
    waitFor(
      async () =>
        (await ask(server, '/api/cutovers')).json.cutovers.find(
          (one: { state: string }) => one.state === 'waiting',
        ),
      { timeoutMs: 60_000 },
    ),
    running.then(({ stderr }) => Promise.reject(new Error(stderr))),
  ]);
  expect(waiting).toMatchObject({ plan: name, step: 'gate' });
  const wrong = await act(server, `cutovers/${waiting.run}/approve`, { step: 'gates' });
  expect([wrong.status, wrong.json.code]).toEqual([400, 'NO_SUCH_GATE']);
  expect((await act(server, `cutovers/${waiting.run}/approve`, { step: 'gate' })).status).toBe(200);
  expect((await inTime(running, 'the end of the run')).code).toBe(0);
  const over = await act(server, `cutovers/${waiting.run}/abort`, {});
  expect([over.status, over.json.code]).toEqual([409, 'RUN_FINISHED']);
});

test('a failure that nobody expected is told to the operator, and to the caller no more than that it is one', async () => {
  const failed: unknown[] = [];
  const bug = new Error('a bug that says redis://u:hunter2hunter2@db');
  const broken = { redis: () => Promise.reject(bug), cutovers: () => Promise.reject(bug), breakers: {} };
  const events = { failed: (error: unknown) => void failed.push(error) };
  const server = await served(fakeOverview(), {}, { actions: broken, events });
  const { status, json, text } = await act(server, 'runs/r/pause', {});
  expect([status, json.code]).toEqual([500, 'UNEXPECTED']);
  expect(text).not.toMatch(/hunter2|bug/);
  expect(failed).toEqual([bug]);
});

test('what Redis has kept waiting for too long is not done any more, and the audit says so', async () => {
  const connection = await connectRedis({ url: redis.server.url });
  const told = { who: 'anna', address: '127.0.0.1', forwardedFor: null };
  const wanted = { ...told, what: 'breaker trip', object: 'late', reason: 'INC-4711', details: '' };
  let done = false;
  const work = async () => {
    done = true;
  };
  await expect(audited(connection, wanted, work, () => undefined, 0)).rejects.toThrow(
    'Redis did not answer in time',
  );
  expect(done).toBe(false);
  expect((await audit()).at(-1)).toMatchObject({ phase: 'ended', object: 'late', outcome: 'failed' });
  await connection.close();
});
