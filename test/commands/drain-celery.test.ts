import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { CeleryApp } from '../support/celery.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { uniqueName } from '../support/shared.ts';
import { runCommand } from './run-command.ts';

let broker: TestRedis;
let folder: string;
let config: string;
let app: CeleryApp;
beforeAll(async () => {
  broker = await startRedis({ password: 'pw' });
  folder = await mkdtemp(join(tmpdir(), 'qctl-celery-'));
  await writeFile(join(folder, 'secret'), 'pw\n');
});
afterAll(async () => {
  await broker.stop();
  await rm(folder, { recursive: true });
});
beforeEach(async () => {
  app = new CeleryApp(`${broker.url}/1`, 'reports');
  await app.redis.flushdb();
  config = `
profiles:
  test:
    sources:
      reports: { kind: celery, url: 'redis://127.0.0.1:${broker.port}/1', passwordFile: ${join(folder, 'secret')}, queue: reports, stream: ${uniqueName('jobs')} }
`;
});

const run = (words: string, more: Parameters<typeof runCommand>[1] = {}) =>
  runCommand(words.split(' '), { config, ...more });

test('a source of qctl.yaml is drained, checked and verified by its name, its password in a file', async () => {
  await app.send([{}, {}, {}]);
  await app.fetch();
  const check = await run('check depth reports --all -w 2 -c 10 -o json');
  expect(check.code).toBe(1);
  expect(JSON.parse(check.stdout).summary).toBe('reports: left 3 (warning above 2), ready 2, in flight 1');
  const drained = await run('drain celery reports --yes -o json -q');
  expect(drained.code).toBe(8);
  const report = JSON.parse(drained.stdout);
  expect(report).toMatchObject({ appended: 2, inFlight: 1, remaining: 0 });
  await app.redis.del('unacked', 'unacked_index');
  const verified = await run(`verify ${report.run} --source reports -o json`);
  expect(verified.code).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({ converged: true, remaining: 0, entries: 2 });
});

test('--resume needs no more than the name of the run, which knows its queue and its tasks', async () => {
  await app.send([{ task: 'a' }, { task: 'b' }, { task: 'b' }]);
  const first = await run('drain celery reports --types b --limit 1 --yes -o json -q');
  const { run: name } = JSON.parse(first.stdout);
  const env = { CELERY_BROKER_URL: `redis://:pw@127.0.0.1:${broker.port}/1` };
  const second = await run(`drain celery --resume ${name} --yes -o json -q`, { env, config: undefined });
  expect(JSON.parse(second.stdout)).toMatchObject({ run: name, appended: 2, unmatched: 1, converged: true });
});

test('the broker that the application knows by CELERY_BROKER_URL is taken where nothing else is said', async () => {
  await app.send([{}]);
  const env = { CELERY_BROKER_URL: `redis://:pw@127.0.0.1:${broker.port}/1` };
  const { code, stdout } = await run(
    `drain celery --queue reports --stream ${uniqueName('jobs')} --dry-run -o json`,
    {
      env,
      config: undefined,
    },
  );
  expect(code).toBe(0);
  expect(stdout).not.toContain('pw@');
  expect(JSON.parse(stdout)).toMatchObject({
    depth: { ready: 1 },
    source: expect.stringMatching(/^celery queue reports of redis:/),
  });
});

test.each([
  ['amqp://user:secret@rabbit//', 'amqp:// is no Redis'],
  ['sentinel://a:26379;sentinel://b:26379', 'does not name the primary'],
  ['redis://a;redis://b', 'more than one broker'],
])('a broker that is %s is refused with the reason, and without its password', async (url, why) => {
  const { code, stderr } = await run('drain celery --stream jobs --dry-run', {
    env: { CELERY_BROKER_URL: url },
    config: undefined,
  });
  expect(code).toBe(5);
  expect(stderr).toContain(why);
  expect(stderr).not.toContain('secret');
});

test('nothing that names a broker is an error that says what would', async () => {
  const { code, stderr } = await run('drain celery --stream jobs', { config: undefined });
  expect(code).toBe(5);
  expect(stderr).toContain('--broker-url, CELERY_BROKER_URL, or url: of a source in qctl.yaml');
});

test('analyse shows the queue on a terminal, with its tasks where they are asked for', async () => {
  await app.send([{ priority: 3 }, { task: 'mail.send' }]);
  const { code, stdout } = await run('analyse --source reports --by type', { columns: 120 });
  expect(code).toBe(0);
  expect(stdout).toMatch(/^queue +reports in database 1, Redis/m);
  expect(stdout).toMatch(/^ready +2 \(priority 0: 1, priority 3: 1\)$/m);
  expect(stdout).toMatch(/^unacked +0 with workers$/m);
  expect(stdout).toMatch(/^ +\d +mail\.send +yes/m);
});

test('messages are not given back to Celery, and that is said before anything is looked at', async () => {
  const { code, stderr } = await run('drain redis --stream jobs --group workers --to reports --dry-run');
  expect(code).toBe(2);
  expect(stderr).toContain('--to reports: qctl does not give messages back to Celery');
});

test('a plan whose rollback would give messages back to Celery is refused before its first step', async () => {
  await app.send([{}]);
  const plan = join(folder, 'plan.yaml');
  const steps = (group: string) =>
    `apiVersion: qctl/v1\nname: ${uniqueName('phase')}\nsteps:\n  - drain: { source: reports${group} }\n${group ? '' : '    undo: none\n'}`;
  await writeFile(plan, steps(', group: workers'));
  const state = await mkdtemp(join(tmpdir(), 'qctl-state-'));
  onTestFinished(() => rm(state, { recursive: true }));
  const env = { QCTL_STATE_DIR: state };
  const refused = await run(`cutover run ${plan} --yes`, { env });
  expect(refused.code, refused.stderr).toBe(3);
  expect(refused.stderr).toContain('does not give messages back to Celery');
  expect(await app.redis.llen('reports')).toBe(1);
  await writeFile(plan, steps(''));
  const done = await run(`cutover run ${plan} --yes`, { env });
  expect(done.code, done.stderr).toBe(0);
  expect(await app.redis.llen('reports')).toBe(0);
});
