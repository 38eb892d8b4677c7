import { mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { beforeEach, expect, test } from 'vitest';
import { openStage } from '../cutover/stage.ts';
import { plan, step } from '../cutover/tiny.ts';
import { ownDatabase } from '../drain/driver.ts';
import { startRedis } from '../support/redis.ts';
import { waitFor } from '../support/wait.ts';
import { useOwnRedis } from './own-redis.ts';

/*
 * Redis has lost what it knew of runs: emptied, or restarted without its data. The journals of this host know them.
 */

const redis = useOwnRedis();
let folder: string;
let env: Record<string, string>;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-lost-'));
  env = { QCTL_STATE_DIR: join(folder, 'state') };
});

/** Runs a plan to its end, then takes everything from Redis. */
async function lostRun(): Promise<{ run: string; file: string }> {
  const file = join(folder, 'producer.env');
  await writeFile(file, 'QUEUE_TYPE=table\n');
  const plan = join(folder, 'night.yaml');
  await writeFile(
    plan,
    `apiVersion: qctl/v1
name: night
steps:
  - { name: settings, envFile: { file: ${file}, set: { QUEUE_TYPE: redis } } }
`,
  );
  const { stdout } = await redis.run(['cutover', 'run', plan, '--yes', '-o', 'json'], { env });
  await redis.client.flushall();
  return { run: (JSON.parse(stdout) as { run: string }).run, file };
}

test('a run that Redis has lost goes back by its name, from the journal of this host', async () => {
  const { run, file } = await lostRun();
  const { code, stdout } = await redis.run(['rollback', run, '--yes'], { env });
  expect([code, stdout]).toEqual([12, expect.stringContaining('is restored')]);
  expect(await readFile(file, 'utf8')).toBe('QUEUE_TYPE=table\n');
  expect((await redis.run(['cutover', 'status'], { env })).stdout).toMatch(/^state +rolled back$/m);
});

test('resume tells Redis of it again', async () => {
  const { run } = await lostRun();
  const { code } = await redis.run(['cutover', 'resume', run, '--yes'], { env });
  const { stdout } = await redis.run(['cutover', 'status', run], { env });
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^state +completed$/m)]);
});

test('a run that is at work when Redis is emptied is found again, without its name', async () => {
  const { start, name, of, touch, close } = openStage(undefined, redis.server.url);
  const running = start(plan(name, [step(of('a', 'slow'))]), { leaseMs: 300 });
  const status = async () => (await redis.run(['cutover', 'status'], { env })).stdout;
  await waitFor(async () => /^step +a /m.test(await status()), { what: 'the step' });
  await redis.client.flushall();
  await waitFor(async () => /^step +a /m.test(await status()), { what: 'the step once more' });
  await touch('go-a');
  const { ending, notes } = await running.done;
  expect([ending, notes]).toEqual(['completed', [expect.stringMatching(/^redis has lost what it had/)]]);
  await close();
});

test('a Redis that does not know the run, and is not where it was begun, is refused: nothing goes back in the wrong place', async () => {
  const { run, file } = await lostRun();
  const other = await startRedis();
  const keys = new Redis(other.url);
  const config = await keptConfig();
  const begun = await redis.run(['cutover', 'run', config.plan, '--yes', '-o', 'json', ...config.flags], {
    env,
  });
  const known = (JSON.parse(begun.stdout) as { run: string }).run;
  for (const [name, from] of [
    [run, ''],
    [known, `it was begun with this configuration: --config ${config.file}`],
  ] as const)
    for (const command of [
      ['rollback', name],
      ['rollback', name, '--dry-run'],
      ['cutover', 'resume', name],
      ['cutover', 'resume', name, '--dry-run'],
    ]) {
      const { code, stderr } = await redis.run([...command, '--yes'], { env, url: other.url });
      expect([command, code]).toEqual([command, 3]);
      expect(stderr).toContain(
        `${name} was begun with redis://SERVER/0, and this is redis://${other.host}:${other.port}/0, which does not know it`,
      );
      expect(stderr).toContain('--accept-other-redis');
      expect(stderr).toContain(from);
    }
  expect([await readFile(file, 'utf8'), await keys.dbsize()]).toEqual(['QUEUE_TYPE=redis\n', 0]);
  const moved = await redis.run(['rollback', run, '--yes', '--accept-other-redis'], { env, url: other.url });
  expect([moved.code, await readFile(file, 'utf8')]).toEqual([12, 'QUEUE_TYPE=table\n']);
  keys.disconnect();
  await other.stop();
});

/** A plan, and a file of configuration to begin it with. */
async function keptConfig() {
  const [plan, file] = [join(folder, 'short.yaml'), join(folder, 'qctl.yaml')];
  await writeFile(
    plan,
    'apiVersion: qctl/v1\nname: short\nsteps:\n  - { name: pause, wait: { for: 1ms } }\n',
  );
  await writeFile(file, 'profiles: { day: {}, night: {} }\n');
  return { plan, file, flags: ['--config', file] };
}

test('a run that is taken up with another file of configuration says so', async () => {
  const { plan, file, flags } = await keptConfig();
  const { stdout } = await redis.run(['cutover', 'run', plan, '--yes', '-o', 'json', ...flags], { env });
  const { run } = JSON.parse(stdout) as { run: string };
  const other = await redis.run(['rollback', run, '--dry-run'], { env });
  expect([other.code, other.stderr]).toEqual([
    0,
    expect.stringContaining(`${run} was begun with the configuration ${file}, and this is none`),
  ]);
  const same = await redis.run(['rollback', run, '--dry-run', ...flags], { env });
  expect([same.code, same.stderr]).toEqual([0, '']);
});

test('where the profile of a run is not in the configuration, the file is named that had it', async () => {
  const { plan, file, flags } = await keptConfig();
  const command = ['cutover', 'run', plan, '--yes', '-o', 'json', '--profile', 'night', ...flags];
  const { run } = JSON.parse((await redis.run(command, { env })).stdout) as { run: string };
  const { code, stderr } = await redis.run(['rollback', run, '--yes'], { env });
  expect([code, stderr]).toEqual([5, expect.stringContaining('there is no profile night')]);
  expect(stderr).toContain(`hint: ${run} was begun with this configuration: --config ${file}\n`);
});

/** A plan that sets a route, waits for a file, and writes another one. */
async function routedPlan() {
  const [path, go, file] = [join(folder, 'routed.yaml'), join(folder, 'go'), join(folder, 'worker.env')];
  await writeFile(file, 'QUEUE_TYPE=table\n');
  const wait = `until [ -e ${go} ]; do sleep 0.02; done`;
  await writeFile(
    path,
    `apiVersion: qctl/v1
name: routed
steps:
  - { name: share, route: { name: orders, percent: 10 } }
  - { name: look, exec: { run: [sh, -c, "${wait}"] }, undo: none }
  - { name: settings, envFile: { file: ${file}, set: { QUEUE_TYPE: redis } } }
`,
  );
  return { path, file, go: () => writeFile(go, '') };
}

const LOST =
  /redis has lost data, and what these steps have done stood there: share; look what is missing, then qctl cutover resume routed-\S+ goes on, qctl rollback routed-\S+ goes back/;

test('where Redis loses data that steps have put there, the run is held before its next step, and says why', async () => {
  const { path, file, go } = await routedPlan();
  const done = redis.run(['cutover', 'run', path, '--yes'], { env: { ...env, PATH: process.env.PATH! } });
  const status = async () => (await redis.run(['cutover', 'status'], { env })).stdout;
  await waitFor(async () => /^step +look /m.test(await status()), { what: 'the step' });
  await redis.client.flushall();
  await go();
  await waitFor(async () => LOST.test((await status()).replace(/\s+/g, ' ')), { what: 'the hold' });
  expect(await readFile(file, 'utf8')).toBe('QUEUE_TYPE=table\n');
  const [run] = await redis.client.zrevrange('qctl:cutovers', 0, -1);
  await redis.run(['cutover', 'resume', run!], { env });
  const { code, stdout } = await done;
  expect([code, stdout]).toEqual([0, expect.stringMatching(/^result +completed$/m)]);
  expect(await readFile(file, 'utf8')).toBe('QUEUE_TYPE=redis\n');
});

test('what was lost while nobody was at work holds the run that is taken up, until it is resumed once more', async () => {
  const { path, file, go } = await routedPlan();
  await writeFile(path, (await readFile(path, 'utf8')).replace(/exec: .*$/m, 'approve: { text: ok? } }'));
  await go();
  const begun = await redis.run(['cutover', 'run', path, '--yes', '--no-wait', '-o', 'json'], { env });
  const { run } = JSON.parse(begun.stdout) as { run: string };
  await redis.client.flushall();
  const first = await redis.run(['cutover', 'resume', run, '--yes', '--no-wait', '-o', 'json'], { env });
  const { state, notes } = JSON.parse(first.stdout) as { state: string; notes: string[] };
  expect([begun.code, first.code, state]).toEqual([11, 11, 'paused']);
  expect(notes).toEqual([expect.stringContaining('redis has lost what it had confirmed of this run')]);
  expect((await redis.run(['cutover', 'status', run], { env })).stdout.replace(/\s+/g, ' ')).toMatch(LOST);
  await redis.run(['cutover', 'approve', run], { env });
  const second = await redis.run(['cutover', 'resume', run, '--yes', '--no-wait'], { env });
  expect([second.code, await readFile(file, 'utf8')]).toEqual([0, 'QUEUE_TYPE=redis\n']);
});

test('a loss in the middle of a run that is then interrupted holds whoever takes it up', async () => {
  const { path, file } = await routedPlan();
  await writeFile(path, (await readFile(path, 'utf8')).replace(/exec: .*$/m, 'approve: { text: ok? } }'));
  let interrupt: () => void = () => undefined;
  const done = redis.run(['cutover', 'run', path, '--yes'], {
    env,
    onStderr: (_, stop) => {
      interrupt = stop;
    },
  });
  const status = async () => (await redis.run(['cutover', 'status'], { env })).stdout;
  await waitFor(async () => /^step +look /m.test(await status()), { what: 'the gate' });
  await redis.client.flushall();
  await waitFor(async () => /^step +look /m.test(await status()), { what: 'the record once more' });
  interrupt();
  await done;
  const run = /^run +(\S+)/m.exec(await status())![1]!;
  await redis.run(['cutover', 'approve', run], { env });
  const taken = await redis.run(['cutover', 'resume', run, '--yes', '--no-wait', '-o', 'json'], { env });
  expect([taken.code, JSON.parse(taken.stdout).state]).toEqual([11, 'paused']);
  expect((await status()).replace(/\s+/g, ' ')).toMatch(LOST);
  expect(await readFile(file, 'utf8')).toBe('QUEUE_TYPE=table\n');
});

test('without a name the newest of this host is told of, and nothing is done to it', async () => {
  const { run, file } = await lostRun();
  for (const command of [
    ['cutover', 'status'],
    ['cutover', 'status', run],
    ['rollback', '--yes'],
  ]) {
    const { code, stderr } = await redis.run(command, { env });
    expect([code, stderr]).toEqual([2, expect.stringContaining(`qctl rollback ${run}`)]);
  }
  expect(await readFile(file, 'utf8')).toBe('QUEUE_TYPE=redis\n');
});

test('messages that a drain has brought and that Redis has lost are never told as given back', async () => {
  const database = await ownDatabase();
  await database.sql('CREATE TABLE jobs (id text PRIMARY KEY, payload text NOT NULL, state text NOT NULL)');
  await database.sql("INSERT INTO jobs SELECT n, '{}', 'pending' FROM generate_series(1, 5) n");
  const config = `profiles: { p: { sources: { jobs: { kind: postgres, url: "${database.url}", format: generic, table: public.jobs,
  id: id, payload: payload, ready: "state = 'pending'", done: { delete: true }, restore: { state: "'pending'" }, stream: orders } } } }
`;
  const file = join(folder, 'night.yaml');
  await writeFile(
    file,
    'apiVersion: qctl/v1\nname: night\nprofile: p\nsteps:\n  - { name: moved, drain: { source: jobs, group: workers } }\n',
  );
  const qctl = (...argv: string[]) => redis.run([...argv, '--yes', '-o', 'json'], { env, config });
  const done = await qctl('cutover', 'run', file);
  expect(done.code, done.stderr).toBe(0);
  const { run } = JSON.parse(done.stdout) as { run: string };
  await redis.client.flushall();
  // Whoever tries again, and a producer that makes the stream anew, change nothing of that.
  for (const why of [/orders is not there, and this run has brought 5/, /orders has had 1 entry in all/]) {
    const back = await qctl('rollback', run);
    expect([back.code, JSON.parse(back.stdout).rollback.failures]).toEqual([
      13,
      [expect.objectContaining({ step: 'moved', why: expect.stringMatching(why) })],
    ]);
    await redis.client.xadd('orders', '*', 'id', 'new', 'body', '{}');
  }
  expect((await qctl('rollback', run, '--assume-undone', 'moved')).code).toBe(12);
});
