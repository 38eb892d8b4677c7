import { expect, test } from 'vitest';
import { reportCalls, showBreakers } from './breaker-driver.ts';
import { useOwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

const redis = useOwnRedis();
const breaker = (argv: string[], setting?: CommandSetting) => showBreakers(redis, argv, setting);
const alive = (name: string, more: object = {}) => reportCalls(redis.server.url, name, more);
const CONFIG = `profiles:
  production:
    breakers:
      wazuh-api: { failureThreshold: 5, openTime: 90s }
`;

test('trip opens at once, says until when, and reset closes again', async () => {
  await alive('api');
  expect(await breaker(['trip', 'api', '--for', '10m', '--reason', '429s'])).toEqual({
    code: 0,
    rows: ['BREAKER | WHAT | BEFORE | NOW', 'api | state | closed | open until TIME, tripped by WHO: 429s'],
    stderr: 'processes notice within a second\n',
  });
  const [at, until] = await redis.client.hmget('qctl:{cb:api}:state', 'since', 'halfOpenAt');
  expect(Number(until) - Number(at)).toBe(600_000);
  expect((await breaker(['reset', 'api'])).rows[1]).toBe(
    'api | state | open until TIME, tripped by WHO: 429s | closed, reset by WHO',
  );
});

test('why a breaker had opened by itself stands there as it was', async () => {
  await alive('api', { declared: { failureThreshold: 2 }, fail: 2 });
  expect((await breaker(['reset', 'api'])).rows[1]).toBe(
    'api | state | open until TIME, 2 of 2 calls failed in 60s, threshold 2 | closed, reset by WHO',
  );
});

test('several names and patterns are one command, each breaker once', async () => {
  for (const name of ['api-1', 'api-2', 'mail']) await alive(name);
  const { rows } = await breaker(['trip', 'api-*', 'mail', 'api-1', '--reason', 'x']);
  expect(rows.map((row) => row.split(' | ')[0])).toEqual(['BREAKER', 'api-1', 'api-2', 'mail']);
});

test('a breaker of qctl.yaml comes into being with its settings, one of a program keeps its own', async () => {
  const { rows, stderr } = await breaker(['trip', 'wazuh-api', '--reason', 'x'], { config: CONFIG });
  expect(rows[1]).toBe('wazuh-api | state | closed | open until TIME, tripped by WHO: x');
  expect(stderr).toContain('wazuh-api: is new in Redis, with the settings of qctl.yaml or the environment\n');
  expect(stderr).toContain('no process of wazuh-api has been heard of yet: it counts as soon as one looks\n');
  expect(await redis.client.hget('qctl:{cb:wazuh-api}:state', 'openMs')).toBe('90000');
  await redis.client.flushall();
  await alive('wazuh-api', { declared: { failureThreshold: 9 } });
  await breaker(['trip', 'wazuh-api', '--reason', 'x'], { config: CONFIG });
  expect(await redis.client.hgetall('qctl:{cb:wazuh-api}:config')).toEqual({
    'declared:failureThreshold': '9',
    rev: '1',
  });
});

test('a name that nobody knows makes nothing, unless it is meant', async () => {
  await alive('wazuh-api');
  const end = await breaker(['trip', 'wazuh-apj', 'wazuh-api', '--reason', 'x']);
  expect([end.code, end.stderr]).toEqual([
    2,
    'qctl: there is no breaker wazuh-apj\n  hint: did you mean wazuh-api?\n' +
      '  hint: --create makes one that no program has used yet\n',
  ]);
  expect(await redis.client.hget('qctl:{cb:wazuh-api}:state', 'state')).toBeNull();
  expect(await redis.client.zrange('qctl:cb:index', '0', '-1')).toEqual(['wazuh-api']);
  expect((await breaker(['trip', 'wazuh-apj', '--create', '--reason', 'x'])).code).toBe(0);
  const patterned = await breaker(['reset', 'llm-*']);
  expect([patterned.code, patterned.stderr.split('\n')[0]]).toEqual([2, 'qctl: no breaker matches llm-*']);
});

test('--dry-run shows the same and changes nothing', async () => {
  await alive('api');
  const keys = async () =>
    Promise.all(
      (await redis.client.keys('*')).sort().map(async (key) => [key, await redis.client.dump(key)]),
    );
  const before = JSON.stringify(await keys());
  const argv = ['trip', 'api', 'mail', '--create', '--reason', 'x'];
  const { rows, stderr } = await breaker([...argv, '--dry-run']);
  expect(rows[1]).toBe('api | state | closed | open until TIME, tripped by WHO: x');
  expect(stderr).toBe(
    'mail: would be new in Redis, with default settings\nnothing was changed (--dry-run)\n',
  );
  expect(JSON.stringify(await keys())).toBe(before);
  expect((await breaker(argv)).rows).toEqual(rows);
});

test('in json prior and next stand with their times, and nothing else is printed with --quiet', async () => {
  await alive('api');
  const { code, stdout, stderr } = await redis.run([
    'breaker',
    'trip',
    'api',
    '--reason',
    'x',
    '-o',
    'json',
    '--quiet',
    '--for',
    '1m',
  ]);
  expect([code, stderr]).toEqual([0, '']);
  const { type, items } = JSON.parse(stdout);
  expect(type).toBe('breaker-change-list');
  const time = expect.stringMatching(/^\d{4}-.*Z$/);
  expect(items).toEqual([
    expect.objectContaining({
      ...{ breaker: 'api', created: false, seenAt: time, dryRun: false, error: null },
      prior: expect.objectContaining({
        state: 'closed',
        cause: null,
        since: null,
        override: null,
        declared: {},
      }),
      next: expect.objectContaining({
        state: 'open',
        cause: 'tripped',
        since: time,
        halfOpenAt: time,
        reason: 'x',
      }),
    }),
  ]);
  expect(items[0].next.settings).toMatchObject({ openMs: 60_000, minimumCalls: null });
});

test('an override that stands above is told of', async () => {
  await alive('api');
  await breaker(['hold', 'closed', 'api', '--reason', 'calm']);
  const tripped = await breaker(['trip', 'api', '--reason', 'x']);
  expect(tripped.stderr).toMatch(
    /^api: the override stays in force and no call is rejected: closed until TIME, by WHO: calm; 'qctl breaker release api' ends it\n/,
  );
  expect((await breaker(['reset', 'api'])).stderr).toMatch(
    /^api: the override stays in force: closed until TIME/,
  );
});

test('one that cannot be changed does not hide the others', async () => {
  for (const name of ['api-1', 'api-3']) await alive(name);
  await redis.client.set('qctl:{cb:api-2}:state', 'not a hash');
  await redis.client.zadd('qctl:cb:index', 1, 'api-2');
  const { code, rows, stderr } = await breaker(['trip', 'api-*', '--reason', 'x']);
  expect(rows.slice(1).map((row) => row.split(' | ').slice(0, 2).join(' '))).toEqual([
    'api-1 state',
    'api-3 state',
    'api-2 error',
  ]);
  expect([code, stderr]).toEqual([
    8,
    expect.stringContaining('1 of 3 breakers could not be changed; api-2: cannot'),
  ]);
  expect((await breaker(['trip', 'api-2', '--reason', 'x'])).code).toBe(7);
});

test.each([
  [['trip', 'api'], 2, "required option '--reason <text>' not specified"],
  [['trip', 'api', '--reason', ' '], 2, 'expected a text that says why'],
  [['trip', 'api', '--reason', 'x', '--for', '0s'], 2, 'expected a duration from 1s to 365d'],
  [['trip', 'a b', '--reason', 'x', '--create'], 2, '"a b" cannot be the name of a circuit breaker'],
  [['reset', 'api', '--create'], 2, "unknown option '--create'"],
])('%s is refused', async (argv, code, text) => {
  const end = await breaker(argv);
  expect([end.code, end.stderr]).toEqual([code, expect.stringContaining(text)]);
  expect(await redis.client.keys('*')).toEqual([]);
});

test('a variable that cannot be read stops only who needs that breaker', async () => {
  await alive('api');
  const env = { WAZUH_CB_TIMEOUT: 'soon' };
  const end = await breaker(['trip', 'wazuh-api', '--reason', 'x'], { env, config: CONFIG });
  expect([end.code, end.stderr]).toEqual([
    5,
    expect.stringContaining('qctl: WAZUH_CB_TIMEOUT: expected a duration'),
  ]);
  expect((await breaker(['trip', 'api', '--reason', 'x'], { env, config: CONFIG })).code).toBe(0);
});

test('a server that is away is said so', async () => {
  const end = await breaker(['trip', 'api', '--reason', 'x'], { url: 'redis://127.0.0.1:1' });
  expect([end.code, end.stderr]).toEqual([7, expect.stringContaining('nothing listens there')]);
});

test('on a narrow terminal a long name is not cut', async () => {
  const name = `payments.${'x'.repeat(60)}`;
  await alive(name);
  const { stdout } = await redis.run(['breaker', 'trip', name, '--reason', 'a long story '.repeat(5)], {
    columns: 60,
  });
  expect(stdout).toMatch(/^breaker {2}payments\.x+$/m);
  expect(stdout.replaceAll(/\s+/g, '')).toContain(name);
});
