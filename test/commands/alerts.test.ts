import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { stateFolder } from '../alerts/driver.ts';
import { type Receiver, startReceiver } from '../alerts/receivers.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';

const redis = useOwnRedis();
let hook: Receiver;
let env: Record<string, string>;
let file: string;

beforeAll(async () => {
  hook = await startReceiver();
});
beforeEach(async () => {
  hook.got = [];
  hook.answer = () => undefined;
  const folder = await stateFolder();
  env = { QCTL_STATE_DIR: folder };
  file = join(folder, 'qctl.yaml');
  await writeFile(file, config());
});
afterAll(() => hook.stop());

const config = () => `
profiles:
  p:
    alerts:
      channels:
        hook: { kind: webhook, url: '${hook.url}/a' }
        gone: { kind: command, run: [no-such-program] }
      rules:
        - { name: deep, metric: stream.length, with: { stream: orders }, failure: value > 2, interval: 50ms,
            severity: critical, to: [hook], summary: '{{with.stream}} has {{value}} entries' }
`;
/** One file for all calls: what a host has noted belongs to it. */
const run = (...argv: string[]) => redis.run(['alerts', ...argv, '--config', file], { env });
const deepen = async () => {
  for (let i = 0; i < 3; i += 1) await redis.client.xadd('orders', '*', 'n', i);
};
const still = (text: string) =>
  text.replace(/\d+(\.\d+)?(ms|s)\b/g, 'TIME').replace(/\d{4}-\d\d-\d\dT[\d:.]+Z/g, 'AT');

test('cron: a look tells what it did, and the list shows how the rules stand', async () => {
  await deepen();
  const looked = await run('run', '--once');
  expect([looked.code, looked.stdout]).toEqual([0, '2 rules, 2 measured, 1 message sent\n']);
  expect(still(looked.stderr)).toBe('AT deep: firing (critical), 3 is > 2\nAT deep: told hook (firing)\n');
  expect(hook.got[0]!.body.summary).toBe('orders has 3 entries');
  const { stdout } = await run('list');
  expect(still(stdout).replace(/ +/g, ' ')).toBe(
    `RULE SEVERITY STATE FOR MEASURED TOLD WHY
deep critical firing TIME TIME ago hook 3 is > 2
redis-lost critical ok - TIME ago - 1 is not 0
`,
  );
  const [row] = JSON.parse((await run('list', '-o', 'json')).stdout).items;
  expect(row).toMatchObject({
    ...{ rule: 'deep', state: 'firing', value: 3, stale: false, silence: null },
    incidents: [{ kind: 'breach', state: 'firing', told: ['hook'], owed: [], host: null }],
  });
});

test('a message that could not be sent is no success of cron, which says so also when it is quiet', async () => {
  await deepen();
  hook.answer = () => ({ status: 500, body: 'no room' });
  const { code, stdout, stderr } = await run('run', '--once', '--quiet');
  expect([code, stdout]).toEqual([8, '']);
  expect(stderr).toMatch(
    /deep: cannot tell channel hook: .*status 500 \(no room\); attempt 1, it is tried again\n$/,
  );
  const { items } = JSON.parse((await run('list', '-o', 'json')).stdout);
  expect(items[0].incidents[0].owed).toEqual([
    { channel: 'hook', attempts: 1, error: expect.stringContaining('status 500') },
  ]);
});

test('in the foreground it follows until it is stopped', async () => {
  await deepen();
  let seen = '';
  const end = await redis.run(['alerts', 'run', '-o', 'ndjson'], {
    config: config(),
    env,
    onStdout: (text, stop) => {
      seen += text;
      if (seen.includes('"alert-message"')) stop();
    },
  });
  expect(end.code).toBe(130);
  const types = seen
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).type);
  expect(types).toEqual(expect.arrayContaining(['alert-measured', 'alert-incident', 'alert-message']));
  expect(hook.got).toHaveLength(1);
});

test('a dry run measures and tells nobody', async () => {
  await deepen();
  const { code, stdout } = await run('run', '--dry-run');
  expect([code, stdout]).toEqual([0, expect.stringMatching(/deep +critical +fail +3 is > 2 +hook/)]);
  expect(hook.got).toEqual([]);
  expect(await redis.client.keys('qctl:*')).toEqual([]);
});

test('test says of each channel what happened, and ends with 7 where one failed', async () => {
  const both = await run('test');
  expect([both.code, both.stdout]).toEqual([
    7,
    expect.stringMatching(
      /hook +webhook +told +-\ngone +command +failed +cannot tell channel gone: no-such-program/,
    ),
  ]);
  expect(hook.got.map(({ body }) => body.state)).toEqual(['test']);
  expect((await run('test', 'hook')).code).toBe(0);
  const unknown = await run('test', 'hok');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean hook?')]);
  expect((await run('test', '--dry-run')).stdout).toContain('would be told');
  expect(hook.got).toHaveLength(2);
});

test('a silence holds messages back, and says who wanted it', async () => {
  await deepen();
  const silenced = await run('silence', 'deep', '--for', '2h', '--reason', 'import runs');
  expect(still(silenced.stdout)).toMatch(/deep +heard +silent until AT \(import runs, .*@.*\)/);
  await run('run', '--once');
  expect(hook.got).toEqual([]);
  expect((await run('list')).stdout).toContain('firing, silent');
  expect((await run('unsilence', 'deep', '--dry-run')).stderr).toContain('nothing was changed');
  expect(still((await run('unsilence', 'deep')).stdout)).toMatch(/silent until AT .* heard/);
  await run('run', '--once');
  expect(hook.got.map(({ body }) => body.state)).toEqual(['firing']);
});

test('a rule can be silenced while Redis is away, and what this host has noted is shown', async () => {
  await run('run', '--once');
  await redis.server.kill9();
  const silenced = await run('silence', 'redis-lost', '--for', '2h', '--reason', 'known');
  expect([silenced.code, silenced.stderr]).toEqual([
    0,
    expect.stringContaining('this counts on this host alone'),
  ]);
  const { code, stdout, stderr } = await run('list');
  expect([code, stderr]).toEqual([0, expect.stringContaining('this is what this host has noted')]);
  expect(stdout).toMatch(/redis-lost .*silent/);
});

test('a user who may not keep alerts is told so, and nothing is lost in silence', async () => {
  await redis.client.call(
    'ACL',
    'SETUSER',
    'reader',
    'on',
    '>x',
    '~orders',
    '+@read',
    '+ping',
    '+info',
    '+select',
  );
  const url = redis.server.url.replace('redis://', 'redis://reader:x@');
  for (const how of [['--once'], []]) {
    const { code, stderr } = await redis.run(['alerts', 'run', ...how, '--config', file], { env, url });
    expect([code, stderr]).toEqual([4, expect.stringContaining('alert')]);
  }
});

test('without rules there is nothing to look at', async () => {
  const { code, stderr } = await redis.run(['alerts', 'run', '--once'], {
    config: 'profiles:\n  p:\n    redis: { url: redis://127.0.0.1 }\n',
    env,
  });
  expect([code, stderr]).toEqual([5, expect.stringContaining('there are no alert rules in profile p')]);
});

test('an unknown rule, and a silence without an end, are errors of usage', async () => {
  const unknown = await run('silence', 'dep', '--for', '2h', '--reason', 'x');
  expect([unknown.code, unknown.stderr]).toEqual([2, expect.stringContaining('did you mean deep?')]);
  expect((await run('silence', 'deep', '--reason', 'x')).code).toBe(2);
  expect((await run('silence', 'deep', '--for', '31d', '--reason', 'x')).stderr).toContain('30d at most');
  await waitFor(async () => (await redis.client.keys('qctl:*')).length === 0);
});
