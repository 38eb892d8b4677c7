import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { spawnQctl } from '../support/qctl.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { type CommandSetting, runCommand } from './run-command.ts';

/*
 * How `qctl cutover` and `qctl rollback` end, each once and for real. docs/exit-codes.md names these tests.
 */

let folder: string;
let env: Record<string, string>;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-exits-'));
  env = { QCTL_STATE_DIR: join(folder, 'state'), PATH: process.env.PATH ?? '' };
});

interface Written {
  name: string;
  path: string;
}

/** A plan of its own, with these steps (a line of YAML each) and whatever else it says. */
async function planOf(steps: string[], more = ''): Promise<Written> {
  const name = uniqueName('exits');
  const path = join(folder, `${name}.yaml`);
  const lines = steps.map((step) => `  - { ${step} }\n`).join('');
  await writeFile(path, `apiVersion: qctl/v1\nname: ${name}\n${more}steps:\n${lines}`);
  return { name, path };
}

const SHORT = 'name: short, wait: { for: 1ms }';
const BROKEN = 'name: broken, exec: { run: [/bin/sh, -c, "exit 7"], changes: false }';
const ROUTE = 'name: live, route: { name: orders, percent: 5 }';
const LONG = 'name: long, wait: { for: 1h }';

const run = (argv: string[], setting: CommandSetting = {}) =>
  runCommand(argv, { ...setting, env: { ...env, ...setting.env } });

test('0: every step was done', async () => {
  const { path } = await planOf([SHORT]);
  const { code, stdout } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^result +completed$/m)]);
});

test('0: a step failed and is held, and another terminal says that it was done', async () => {
  const broken = 'exec: { run: [/bin/sh, -c, "exit 7"] }, undo: none, onFailure: pause';
  const { path } = await planOf([broken, SHORT]);
  let said: Promise<{ code: number }> | undefined;
  const { code, stdout } = await run(['cutover', 'run', path, '--yes'], {
    onStderr: (text) => {
      const id = /cutover resume (\S+) --assume/.exec(text)?.[1];
      if (id) said ??= run(['cutover', 'resume', id, '--assume', 'done', '--yes']);
    },
  });
  expect([code, (await said)?.code, stdout]).toEqual([0, 0, expect.stringMatching(/^result +completed$/m)]);
});

test('1: the journal cannot be kept', async () => {
  const { path } = await planOf([SHORT]);
  const { code, stderr } = await run(['cutover', 'run', path, '--yes'], {
    env: { QCTL_STATE_DIR: path },
  });
  expect([code, stderr]).toEqual([1, expect.stringContaining('cannot keep the journal')]);
});

test('2: there is no such run', async () => {
  const { code, stderr } = await run(['rollback', 'nowhere-20261122-020000-4f2a', '--yes']);
  expect([code, stderr]).toEqual([2, expect.stringContaining('there is no cutover run nowhere')]);
});

test('3: the way back may take longer than its budget', async () => {
  const { path } = await planOf(
    ['name: on, exec: { run: ["true"], undo: ["true"] }'],
    'rollback: { budget: 1s }\n',
  );
  const { code, stderr } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stderr]).toEqual([3, expect.stringContaining('budget')]);
});

test('3: nobody can be asked, and --yes is missing', async () => {
  const { path } = await planOf([SHORT]);
  const { code, stderr } = await run(['cutover', 'run', path]);
  expect([code, stderr]).toEqual([3, expect.stringContaining('there is no terminal to ask on')]);
});

test('4: Redis does not take the password', async () => {
  const { path } = await planOf([ROUTE]);
  const url = sharedRedisUrl().replace('redis://', 'redis://nobody:wrong@');
  const { code, stderr } = await run(['cutover', 'run', path, '--yes'], { url });
  expect([code, stderr]).toEqual([4, expect.stringMatching(/password/)]);
});

test('5: the plan is wrong', async () => {
  const { path } = await planOf(['name: short, weight: { for: 1ms }']);
  const { code, stderr } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stderr]).toEqual([5, expect.stringContaining('weight')]);
});

test('3: the database that a step would drain is away', async () => {
  const { path } = await planOf(['name: backlog, drain: { source: alerts, stream: alerts, group: workers }']);
  const config = `profiles:
  default:
    sources:
      alerts: { kind: postgres, url: "postgres://qctl@127.0.0.1:1/app", table: alerts, id: id, payload: payload }
`;
  const { code, stderr } = await run(['cutover', 'run', path, '--yes'], { config });
  expect([code, stderr]).toEqual([3, expect.stringContaining('127.0.0.1:1')]);
});

test('7: Redis is away', async () => {
  const away = { url: 'redis://127.0.0.1:1' };
  for (const step of [SHORT, ROUTE]) {
    const { path } = await planOf([step]);
    const { code, stderr } = await run(['cutover', 'run', path, '--yes', '--timeout', '200ms'], away);
    expect([code, stderr]).toEqual([7, expect.stringContaining('127.0.0.1:1')]);
    // A dry run tells it once, as what speaks against the plan.
    const dry = await run(['cutover', 'run', path, '--dry-run', '--timeout', '200ms'], away);
    expect([dry.code, dry.stdout.match(/^blocker .*127\.0\.0\.1:1/gm)]).toEqual([3, [expect.anything()]]);
  }
});

test('9: the question was answered with no', async () => {
  const { path } = await planOf([SHORT]);
  const { code, stderr } = await run(['cutover', 'run', path], { columns: 100, answer: 'n' });
  expect([code, stderr]).toEqual([9, expect.stringContaining('nothing was done')]);
});

test('10: somebody holds the lock of the plan', async () => {
  const { name, path } = await planOf([SHORT]);
  await run(['cutover', 'lock', 'acquire', name, '--reason', 'the database is moved']);
  const { code, stderr } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stderr]).toEqual([10, expect.stringContaining('the database is moved')]);
  await run(['cutover', 'lock', 'release', name, '--reason', 'it is there']);
});

test('11: it waits for an approval, and was told not to', async () => {
  const { path } = await planOf(['name: gate, approve: { text: flip? }', SHORT]);
  const { code, stdout } = await run(['cutover', 'run', path, '--yes', '--no-wait']);
  expect([code, stdout]).toEqual([11, expect.stringContaining('flip?')]);
});

test('11: a step failed and is held, and a command is told why', async () => {
  const told = join(folder, 'told');
  const { path } = await planOf(
    [`${BROKEN}, onFailure: pause`],
    `notify: [{ on: paused, exec: { shell: 'echo "$QCTL_EVENT: $QCTL_WHY" > ${told}', changes: false } }]\n`,
  );
  const { code } = await run(['cutover', 'run', path, '--yes', '--no-wait']);
  expect(code).toBe(11);
  await waitFor(() => readFile(told, 'utf8').then(Boolean, () => false), { what: 'what it was told' });
  expect(await readFile(told, 'utf8')).toMatch(/^paused: .*step broken failed: .*code 7/);
});

test('12: a step failed, and all before it was undone', async () => {
  const file = join(folder, 'undone.env');
  await writeFile(file, 'QUEUE_TYPE=table\n');
  const { path } = await planOf([
    `name: settings, envFile: { file: ${file}, set: { QUEUE_TYPE: redis } }`,
    BROKEN,
  ]);
  const { code, stdout } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stdout]).toEqual([12, expect.stringContaining('rolled back')]);
});

test('12: an approval was refused at the terminal, which holds it, and it was aborted', async () => {
  const { name, path } = await planOf(['name: gate, approve: { text: flip? }', SHORT]);
  let aborted: Promise<{ code: number }> | undefined;
  const abort = async () => {
    const { stdout } = await run(['cutover', 'list', '-o', 'json']);
    const [id] = new RegExp(`${name}-[\\w-]+`).exec(stdout)!;
    return run(['cutover', 'abort', id, '--reason', 'not tonight', '--yes']);
  };
  const { code, stdout } = await run(['cutover', 'run', path, '--yes'], {
    columns: 100,
    answer: 'n',
    onStderr: (text) => {
      if (/not approved by/.test(text)) aborted ??= abort();
    },
  });
  expect([code, stdout]).toEqual([12, expect.stringContaining('not tonight')]);
  expect((await aborted)?.code).toBe(0);
});

test('12: a complete cutover was rolled back', async () => {
  const { path } = await planOf(['name: on, exec: { run: ["true"], undo: ["true"] }']);
  const done = await run(['cutover', 'run', path, '--yes', '-o', 'json']);
  const { code } = await run(['rollback', JSON.parse(done.stdout).run, '--yes']);
  expect([done.code, code]).toEqual([0, 12]);
});

test('13: an undo failed', async () => {
  const { path } = await planOf(['name: on, exec: { run: ["true"], undo: ["false"] }', BROKEN]);
  const { code, stdout } = await run(['cutover', 'run', path, '--yes']);
  expect([code, stdout]).toEqual([13, expect.stringMatching(/on/)]);
});

test('12: an undo failed, and the operator has done it by hand', async () => {
  const { path } = await planOf(['name: on, exec: { run: ["true"], undo: ["false"] }', BROKEN]);
  const failed = await run(['cutover', 'run', path, '--yes']);
  expect([failed.code, failed.stdout]).toEqual([13, expect.stringContaining('--assume-undone STEP')]);
  const [, id] = /^run +(\S+)$/m.exec(failed.stdout)!;
  const { code, stdout } = await run(['rollback', id!, '--assume-undone', 'on', '--yes']);
  expect([code, stdout]).toEqual([12, expect.stringMatching(/undone by hand/)]);
});

test('99: a rehearsal found a check that never had data', async () => {
  const { path } = await planOf(
    ['name: watch, monitor: { for: 200ms, checks: [silent] }'],
    'checks:\n  - { name: silent, metric: command, with: { run: ["true"] }, success: value < 1, interval: 50ms, onFailure: warn }\n',
  );
  const { code, stdout } = await run(['cutover', 'run', path, '--rehearse', '--yes']);
  expect([code, stdout]).toEqual([99, expect.stringContaining('silent')]);
});

/** A run that would take an hour gets a signal. */
async function signalled(signal: 'SIGINT' | 'SIGTERM'): Promise<{ code: number | null; stdout: string }> {
  const { path } = await planOf([LONG]);
  return spawnQctl(['cutover', 'run', path, '--yes'], {
    env: { ...env, REDIS_URL: sharedRedisUrl() },
    onStderrLine: (line, child) => line.includes('long running') && child.kill(signal),
  }).done;
}

test('130: Ctrl-C leaves the run to be resumed', async () => {
  const { code, stdout } = await signalled('SIGINT');
  expect([code, stdout]).toEqual([130, expect.stringContaining('qctl cutover resume')]);
});

test('143: SIGTERM leaves the run to be resumed', async () => {
  const { code, stdout } = await signalled('SIGTERM');
  expect([code, stdout]).toEqual([143, expect.stringContaining('qctl cutover resume')]);
});
