import { expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { lookAtBreakers, OVERRIDE_MODES } from '../../src/breaker/index.ts';
import { reportCalls, showBreakers } from './breaker-driver.ts';
import { useOwnRedis } from './own-redis.ts';
import type { CommandSetting } from './run-command.ts';

const redis = useOwnRedis();
const breaker = (argv: string[], setting?: CommandSetting) => showBreakers(redis, argv, setting);
const alive = (name: string, more: object = {}) => reportCalls(redis.server.url, name, more);
const why = ['--reason', 'INC-4711'];

async function lengthOf(name: string): Promise<number | null> {
  const [since, until] = await redis.client.hmget(`qctl:{cb:${name}}:override`, 'since', 'until');
  return until === '0' ? null : Number(until) - Number(since);
}

test('hold puts it over the state for a day, and release takes it away', async () => {
  await alive('api');
  expect(await breaker(['hold', 'open', 'api', ...why])).toEqual({
    code: 0,
    rows: ['BREAKER | WHAT | BEFORE | NOW', 'api | override | - | open until TIME, by WHO: INC-4711'],
    stderr: 'processes notice within a second\n',
  });
  expect(await lengthOf('api')).toBe(86_400_000);
  const again = await breaker(['hold', 'observe', 'api', '--until-released', '--reason', 'later']);
  expect(again.rows[1]).toBe(
    'api | override | open until TIME, by WHO: INC-4711 | observe until released, by WHO: later',
  );
  expect(await lengthOf('api')).toBeNull();
  const { rows, stderr } = await breaker(['release', 'api']);
  expect([rows[1], stderr]).toEqual([
    'api | override | observe until released, by WHO: later | -',
    'processes notice within a second\n',
  ]);
});

test('it ends at a time or after a duration', async () => {
  await alive('api');
  await breaker(['hold', 'closed', 'api', ...why, '--for', '2h']);
  expect(await lengthOf('api')).toBe(7_200_000);
  const until = new Date(Date.now() + 3 * 86_400_000).toISOString().slice(0, 19);
  await breaker(['hold', 'closed', 'api', ...why, '--until', `${until}+02:00`]);
  expect(await redis.client.hget('qctl:{cb:api}:override', 'until')).toBe(
    String(Date.parse(`${until}Z`) - 7_200_000),
  );
});

test('a year that is a slip of the finger is no end, and a novel no reason', async () => {
  await alive('api');
  const far = await breaker(['hold', 'closed', 'api', ...why, '--until', '20226-01-02']);
  expect(far.code).toBe(2);
  const late = await breaker(['hold', 'closed', 'api', ...why, '--until', '2090-01-02T00:00:00Z']);
  expect([late.code, late.stderr]).toEqual([2, expect.stringContaining('more than a year away')]);
  const long = await breaker(['hold', 'closed', 'api', '--reason', 'x'.repeat(301)]);
  expect([long.code, long.stderr]).toEqual([2, expect.stringContaining('at most 300 characters')]);
  expect(await redis.client.exists('qctl:{cb:api}:override')).toBe(0);
});

test('every mode is one, and a pattern holds all that it matches', async () => {
  for (const name of ['api-1', 'api-2', 'mail']) await alive(name);
  for (const mode of OVERRIDE_MODES) {
    const { rows } = await breaker(['hold', mode, 'api-*', ...why]);
    expect(rows.slice(1).map((row) => row.split(' | ').at(-1))).toEqual(
      Array.from({ length: 2 }, () => `${mode} until TIME, by WHO: INC-4711`),
    );
  }
  expect((await breaker(['release', '*'])).rows.slice(1).map((row) => row.split(' | ')[0])).toEqual([
    'api-1',
    'api-2',
  ]);
  const nothing = await breaker(['release', '*']);
  expect([nothing.code, nothing.stderr]).toEqual([0, 'there is nothing to do\n']);
});

test('hundreds are held by one command', async () => {
  const connection = await connectRedis({ url: redis.server.url });
  const names = Array.from({ length: 300 }, (_, i) => `api-${i}`);
  for (const name of names) await redis.client.zadd('qctl:cb:index', 1, name);
  for (const name of names) await redis.client.hset(`qctl:{cb:${name}}:state`, 'seq', 1);
  expect((await breaker(['hold', 'open', '*', ...why])).rows).toHaveLength(301);
  const views = await lookAtBreakers(connection, names);
  await connection.close();
  expect(views.every(({ override }) => override?.mode === 'open')).toBe(true);
});

test('to release what is not held is said and is no failure; what is not there is one', async () => {
  await alive('api');
  const free = await breaker(['release', 'api']);
  expect([free.code, free.stderr]).toEqual([0, 'api: there is no override to release\n']);
  const config = 'profiles:\n  a:\n    breakers: { mail: {} }\n';
  expect((await breaker(['release', 'mail'], { config })).code).toBe(0);
  expect(await redis.client.exists('qctl:{cb:mail}:state')).toBe(0);
  expect((await breaker(['release', 'apj'])).stderr).toMatch(
    /there is no breaker apj\n {2}hint: did you mean api\?/,
  );
});

test('what counts after the release is told where that is not closed', async () => {
  await alive('api', { declared: { failureThreshold: 1 }, fail: 1 });
  const held = await breaker(['hold', 'closed', 'api', ...why]);
  expect(held.stderr).toContain('api: below it the breaker is open until TIME, 1 of 1 calls failed');
  expect((await breaker(['release', 'api'])).stderr).toContain(
    'api: now its own state counts: open until TIME',
  );
});

test('with --dry-run the override is shown and not there', async () => {
  await alive('api');
  const { rows } = await breaker(['hold', 'disabled', 'api', ...why, '--dry-run']);
  expect(rows[1]).toBe('api | override | - | disabled until TIME, by WHO: INC-4711');
  expect(await redis.client.exists('qctl:{cb:api}:override')).toBe(0);
});

test.each([
  [['open', 'api'], "required option '--reason <text>' not specified"],
  [['opne', 'api', ...why], 'Allowed choices are open, closed, disabled, observe'],
  [['open', ...why], "missing required argument 'names'"],
  [
    ['open', 'api', ...why, '--until', '2020-01-01T00:00:00Z'],
    '--until TIME is in the past\n  hint: by the clock of Redis it is TIME',
  ],
  [['open', 'api', ...why, '--until', 'noon'], 'expected a time such as TIME'],
  [
    ['open', 'api', ...why, '--until', '2090-01-01', '--for', '1h'],
    "cannot be used with option '--for <duration>'",
  ],
  [
    ['open', 'api', ...why, '--until-released', '--for', '1h'],
    "cannot be used with option '--until-released'",
  ],
  [['open', 'apj', ...why], 'there is no breaker apj'],
])('hold %s is refused', async (argv, text) => {
  await alive('api');
  const { code, stderr } = await breaker(['hold', ...argv]);
  expect([code, stderr]).toEqual([2, expect.stringContaining(text)]);
  expect(await redis.client.exists('qctl:{cb:api}:override')).toBe(0);
});
