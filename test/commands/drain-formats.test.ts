import { beforeAll, describe, expect, test } from 'vitest';
import { obanCase } from '../contract/formats/oban.ts';
import { pgmqCase } from '../contract/formats/pgmq.ts';
import { riverCase } from '../contract/formats/river.ts';
import { entriesOf, ownDatabase } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { type CommandEnd, runCommand } from './run-command.ts';

type Database = Awaited<ReturnType<typeof ownDatabase>>;

let database: Database;
let river: Database;

/** One database with three queues, and one with River alone. */
beforeAll(async () => {
  database = await ownDatabase();
  for (const { setup } of [obanCase, pgmqCase, riverCase]) await setup(database.sql, database.url);
  await database.sql('CREATE TABLE alerts (id bigint PRIMARY KEY, payload text)');
  river = await ownDatabase();
  await riverCase.setup(river.sql, river.url);
});

const jobs = (sql: Database['sql'], n: number, queue = 'default') =>
  sql(
    `INSERT INTO jobs.river_job (kind, args, queue) SELECT 'Sort', '{}', '${queue}' FROM generate_series(1, ${n})`,
  );

function drainOf({ url }: Database, ...args: string[]): Promise<CommandEnd> {
  const stream = args.includes('--stream') ? [] : ['--stream', uniqueName('cli')];
  return runCommand(['drain', 'postgres', '--postgres-url', url, ...stream, ...args]);
}

const planOf = async (from: Database, ...args: string[]) => {
  const { code, stdout, stderr } = await drainOf(from, '--dry-run', '-o', 'json', ...args);
  expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  return JSON.parse(stdout);
};

const errorOf = async (from: Database, ...args: string[]) => {
  const { stderr } = await drainOf(from, '--dry-run', '-o', 'json', ...args);
  return JSON.parse(stderr.trim().split('\n').at(-1)!);
};

describe('which queue is meant', () => {
  test('without a table the queue of a job library is found, and the plan shows what it is', async () => {
    await jobs(river.sql, 3);
    await jobs(river.sql, 1, 'other');
    await river.sql(`INSERT INTO jobs.river_leader VALUES (now(), now() + interval '1 hour', 'host-1')`);
    const plan = await planOf(river);
    expect(plan.format).toMatchObject({
      name: 'river',
      title: 'River',
      version: '7',
      queues: [
        { name: 'default', ready: 3 },
        { name: 'other', ready: 1 },
      ],
      workers: [{ name: 'host-1 (leader)' }],
    });
    const { stdout } = await drainOf(river, '--dry-run');
    expect(stdout).toMatch(/format +River, version 7/);
    expect(stdout).toMatch(/queues +default \(3\), other \(1\)/);
    expect(stdout).toMatch(/workers alive +host-1 \(leader\)/);
    await river.sql('DELETE FROM jobs.river_leader');
    expect((await planOf(river, '--queue', 'other')).depth.ready).toBe(1);
  });

  test('several are named, and --format or --schema chooses', async () => {
    const error = await errorOf(database);
    expect(error).toMatchObject({ code: 'SEVERAL_QUEUES', exit: 2 });
    for (const name of ['pgmq in schema pgmq', 'River in schema jobs', 'Oban in schema public'])
      expect(error.message).toContain(name);
    expect((await planOf(database, '--format', 'oban')).format.name).toBe('oban');
    expect((await planOf(database, '--schema', 'jobs')).format.name).toBe('river');
  });

  test('a table of a job library is known for what it is, unless it is described', async () => {
    expect((await planOf(database, '--table', 'jobs.river_job')).format.name).toBe('river');
    const one = await planOf(database, '--table', 'pgmq.q_orders');
    expect(one.format.name).toBe('pgmq');
    expect((await planOf(database, '--table', 'alerts')).format).toBeNull();
    const described = ['--table', 'jobs.river_job', '--payload', 'args'];
    expect((await planOf(database, ...described)).format).toBeNull();
    expect((await planOf(database, '--format', 'generic', ...described)).format).toBeNull();
    expect(await errorOf(database, '--table', 'alerts', '--format', 'oban')).toMatchObject({
      code: 'OTHER_FORMAT',
    });
  });

  test('where there is none, the error says how to describe a table', async () => {
    const empty = await ownDatabase();
    const error = await errorOf(empty);
    expect(error).toMatchObject({ code: 'FORMAT_NOT_FOUND', exit: 5 });
    expect(error.hint.join()).toContain('--table NAME');
    expect(await errorOf(database, '--format', 'pgboss')).toMatchObject({ code: 'FORMAT_NOT_FOUND' });
  });
});

describe('flags that do not go together', () => {
  test('a known format and words about columns', async () => {
    const error = await errorOf(database, '--format', 'oban', '--ready', 'true', '--payload', 'args');
    expect(error).toMatchObject({ code: 'FORMAT_DESCRIBED', exit: 2 });
    expect(error.message).toContain('--payload, --ready');
    expect(await errorOf(database, '--payload', 'args')).toMatchObject({ code: 'TABLE_MISSING', exit: 2 });
  });

  test('a table of no format and --queue, --schema or --include', async () => {
    for (const flag of [
      ['--queue', 'a'],
      ['--schema', 'b'],
      ['--include', 'dead'],
    ])
      expect(await errorOf(database, '--table', 'alerts', ...flag)).toMatchObject({
        code: 'CHOICE_WITHOUT_FORMAT',
        exit: 2,
      });
  });

  test('names that are not known', async () => {
    const format = await drainOf(database, '--format', 'rivr');
    expect(format.code).toBe(2);
    expect(format.stderr).toContain('did you mean river?');
    const include = await drainOf(database, '--include', 'scheduled,ded');
    expect(include.code).toBe(2);
    expect(include.stderr).toContain('--include ded: expected scheduled, dead, running');
    expect(await errorOf(database, '--format', 'pgmq', '--include', 'running')).toMatchObject({
      code: 'INCLUDE_UNKNOWN',
    });
    expect(await errorOf(database, '--format', 'pgmq', '--queue', 'x,orders')).toMatchObject({
      code: 'SEVERAL_QUEUES',
    });
  });
});

test('a source of the configuration is drained by its format, and goes on by the name of its run alone', async () => {
  const own = await ownDatabase();
  await riverCase.setup(own.sql, own.url);
  await jobs(own.sql, 20);
  await jobs(own.sql, 5, 'other');
  const stream = uniqueName('cli');
  const config = `profiles:
  default:
    sources:
      sorting: { kind: postgres, url: "${own.url}", format: river, queues: default, include: [scheduled], stream: ${stream} }
`;
  const line = ['drain', 'postgres', '--yes', '--settle', '300ms', '-o', 'json'];
  const first = await runCommand([...line, 'sorting', '--limit', '7'], { config });
  const report = JSON.parse(first.stdout);
  expect(report).toMatchObject({ appended: 7, ending: 'limit' });
  const second = await runCommand([...line, '--postgres-url', own.url, '--resume', report.run]);
  expect(JSON.parse(second.stdout)).toMatchObject({ run: report.run, appended: 20, converged: true });
  const depth = await runCommand(['check', 'depth', 'sorting', '-w', '3', '-c', '10'], { config });
  expect(depth).toMatchObject({ code: 0 });
  await jobs(own.sql, 4);
  expect((await runCommand(['check', 'depth', 'sorting', '-w', '3', '-c', '10'], { config })).code).toBe(1);
  await own.sql(`DELETE FROM jobs.river_job WHERE queue = 'default'`);
  const entries = await entriesOf(stream);
  expect(new Set(entries.map((entry) => entry.text('source')))).toEqual(new Set(['sorting']));
  expect(await own.sql(`SELECT DISTINCT queue FROM jobs.river_job`)).toEqual([{ queue: 'other' }]);
});

test('queues are paused for the old workers while they are drained, and those that were paused before stay so', async () => {
  const own = await ownDatabase();
  await riverCase.setup(own.sql, own.url);
  await own.sql(`UPDATE jobs.river_queue SET paused_at = now() WHERE name = 'other'`);
  await jobs(own.sql, 10);
  const stream = uniqueName('cli');
  const line = ['--stream', stream, '--yes', '--settle', '300ms', '-o', 'json', '--pause-source'];
  const paused = () =>
    own.sql(`SELECT name, paused_at IS NOT NULL AS paused, metadata FROM jobs.river_queue ORDER BY name`);
  const first = JSON.parse((await drainOf(own, ...line, '--limit', '3')).stdout);
  expect(first).toMatchObject({ appended: 3 });
  expect(await paused()).toEqual([
    { name: 'default', paused: true, metadata: { 'qctl:paused': true } },
    { name: 'other', paused: true, metadata: {} },
  ]);
  const second = JSON.parse((await drainOf(own, ...line)).stdout);
  expect(second).toMatchObject({ run: first.run, appended: 10, converged: true });
  expect(await paused()).toEqual([
    { name: 'default', paused: false, metadata: {} },
    { name: 'other', paused: true, metadata: {} },
  ]);
  expect(await errorOf(database, '--format', 'oban', '--pause-source')).toMatchObject({ code: 'NO_PAUSES' });
});
