import { beforeAll, expect, test } from 'vitest';
import { consume, fillStream } from '../drain/back-driver.ts';
import { ownDatabase } from '../drain/driver.ts';
import { type QctlResult, runQctl } from '../support/qctl.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';

const REDIS = ['--redis-url', sharedRedisUrl()];
/** Nobody has to be waited for. */
const QUIET = ['--active-within', '0s', '--min-idle', '0s'];

let database: Awaited<ReturnType<typeof ownDatabase>>;
beforeAll(async () => {
  database = await ownDatabase();
  await database.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
});

async function filled(first: number, count: number): Promise<string[]> {
  const stream = uniqueName('jobs');
  const messages = Array.from({ length: count }, (_, i) => ({ id: String(first + i), body: `b${i}` }));
  await fillStream(stream, messages);
  return ['drain', 'redis', '--stream', stream, '--group', 'workers', ...REDIS];
}

const toTable = () => ['--to', 'postgres', '--table', 'jobs', '--postgres-url', database.url];
const errorOf = ({ stderr }: QctlResult) => JSON.parse(stderr.trimEnd().split('\n').at(-1)!);

test('the plan shows what goes back, what stays and how safe it is; nothing happens without a yes', async () => {
  const command = await filled(1, 4);
  await consume(command[3]!, { count: 1 });
  const plan = await runQctl([...command, ...toTable(), ...QUIET, '--dry-run']);
  expect(plan.code).toBe(0);
  expect(plan.stdout).toMatch(/goes back +1 pending, 3 not delivered/);
  expect(plan.stdout).toMatch(/guarantee +exactly once: each row \(id, payload\)/);
  expect(plan.stdout).toMatch(/qctl_returned is created/);
  const refused = await runQctl([...command, ...toTable(), ...QUIET, '-o', 'json']);
  expect(refused.code).toBe(3);
  expect(errorOf(refused)).toMatchObject({ code: 'CONFIRMATION_NEEDED' });
  expect(await database.sql('SELECT count(*)::int AS n FROM jobs')).toEqual([{ n: 0 }]);
});

test('consumers at work refuse it with their names, exit code 3', async () => {
  const command = await filled(10, 2);
  await consume(command[3]!, { count: 1, consumer: 'mailer-7' });
  const { code, stderr } = await runQctl([...command, ...toTable(), '--yes']);
  expect(code).toBe(3);
  expect(stderr).toMatch(/blocker consumers of the group are at work .*: mailer-7/);
  expect(stderr).toMatch(/--allow-active/);
});

test('a run shows its proof, stands in the list, and can be looked at and verified', async () => {
  const command = await filled(100, 30);
  const done = await runQctl([...command, ...toTable(), ...QUIET, '--yes']);
  expect(done.code, done.stderr).toBe(0);
  expect(done.stdout).toMatch(/returned +30\n/);
  expect(done.stdout).toMatch(/converged: everything that the group has not finished is back, exactly once/);
  const run = /run +(back-\S+)/.exec(done.stdout)![1]!;
  const list = await runQctl(['drain', 'list', ...REDIS, '-o', 'ndjson', '--limit', '200']);
  const row = list.stdout.split('\n').find((line) => line.includes(run))!;
  expect(JSON.parse(row)).toMatchObject({
    mode: 'back',
    state: 'done',
    appended: 30,
    open: 0,
    expiresAt: expect.any(String),
  });
  const status = await runQctl(['drain', 'status', run, ...REDIS]);
  expect(status.stdout).toMatch(/returned +30\n/);
  const verified = await runQctl(['verify', run, ...REDIS, '--postgres-url', database.url, '-o', 'json']);
  expect(verified.code, verified.stdout).toBe(0);
  expect(JSON.parse(verified.stdout)).toMatchObject({
    mode: 'back',
    destinationCount: 30,
    finished: 0,
    converged: true,
  });
  await database.sql(`DELETE FROM qctl_returned WHERE run = '${run}' AND entry_id > '0'`);
  const lost = await runQctl(['verify', run, ...REDIS, '--postgres-url', database.url]);
  expect(lost.code).toBe(1);
  expect(lost.stdout).toMatch(/the ledger lacks 30 entries/);
});

test('the help says what a flag means on the way back, and offers none that means nothing there', async () => {
  const { stdout } = await runQctl(['drain', 'redis', '--help']);
  expect(stdout).not.toMatch(/--mode|--order|--pause-source|rows to drain|rows are taken/);
  expect(stdout.replace(/\s+/g, ' ')).toMatch(/--key <column> Postgres: column that gets the key/);
});

test('what was drained dead goes back dead with the --include of the drain; without it the plan names that flag', async () => {
  const queue = await ownDatabase();
  await queue.sql(`CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, priority int NOT NULL DEFAULT 0, attempts int NOT NULL DEFAULT 0,
    handler text NOT NULL, last_error text, run_at timestamp(6), locked_at timestamp(6), failed_at timestamp(6), locked_by text,
    queue text, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL)`);
  const stream = uniqueName('jobs');
  const time = { type: 'string', value: '2026-01-01 00:00:00' } as const;
  const message = {
    id: '7',
    body: '--- x',
    priority: '0',
    attempts: 25,
    enqueuedAt: '2026-01-01T00:00:00Z',
    notBefore: '2026-01-01T00:00:00Z',
  };
  await fillStream(stream, [{ ...message, attributes: { failed_at: time, updated_at: time } }]);
  const line = ['drain', 'redis', '--stream', stream, '--group', 'workers', ...REDIS, ...QUIET, '--dry-run'];
  const to = ['--to', 'postgres', '--format', 'delayed-job', '--postgres-url', queue.url];
  const refused = await runQctl([...line, ...to]);
  expect([refused.code, refused.stdout], refused.stderr).toEqual([
    3,
    expect.stringMatching(/would not be ready[\s\S]*--include dead/),
  ]);
  const plan = await runQctl([...line, ...to, '--include', 'dead']);
  expect([plan.code, plan.stderr]).toEqual([0, '']);
});

test('what cannot go back is named with its reason, exit code 8', async () => {
  const sqs = sharedSqs();
  const url = await sqs.createQueue(uniqueName('q'));
  const command = await filled(1, 1);
  await fillStream(command[3]!, [{ id: 'x', body: '' }]);
  const queue = ['--to', 'sqs', '--queue-url', url, '--sqs-endpoint', sqs.endpoint, '--region', 'us-east-1'];
  const { code, stdout } = await runQctl([...command, ...queue, ...QUIET, '--yes']);
  expect(code).toBe(8);
  expect(stdout).toMatch(/left \d+-\d+: its body is empty/);
  expect(stdout).toMatch(/not converged: 1 entry could not be given back and stays pending/);
});

test.each([
  [['--to', 'kafka'], 'SOURCE_UNKNOWN', 2],
  [[], 'TO_MISSING', 2],
  [['--to', 'postgres', '--from', 'yesterday'], 'INVALID_ARGUMENT', 2],
  [['--to', 'postgres', '--body', 'a', '--whole'], 'CONFLICTING_OPTION', 2],
  [['--to', 'postgres', '--mode', 'copy'], 'UNKNOWN_OPTION', 2],
  [['--to', 'postgres', '--order', 'id'], 'UNKNOWN_OPTION', 2],
  [['--to', 'postgres', '--pause-source'], 'UNKNOWN_OPTION', 2],
])('%j is a usage error', async (words, code, exit) => {
  const result = await runQctl([
    'drain',
    'redis',
    '--stream',
    's',
    '--group',
    'g',
    ...words,
    ...REDIS,
    '-o',
    'json',
  ]);
  expect([errorOf(result).code, result.code]).toEqual([code, exit]);
});
