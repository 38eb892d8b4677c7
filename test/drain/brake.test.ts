import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { runStatus, setRun } from '../../src/drain/index.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, entriesOf, plan, withRedis } from './driver.ts';
import { jobsDatabase } from './jobs.ts';
import { endAll, running } from './running.ts';

let jobs: Awaited<ReturnType<typeof jobsDatabase>>;
let redis: Redis;
beforeAll(async () => {
  jobs = await jobsDatabase();
  redis = new Redis(sharedRedisUrl());
});
afterAll(() => redis.disconnect());
afterAll(endAll);

const caseOf = (
  table: string,
  stream: string,
  settings: DrainCase['settings'],
  extra: object = {},
): DrainCase => ({
  spec: { table },
  database: jobs.url,
  target: { stream },
  settings,
  ...extra,
});

/** Reads and acknowledges so many entries; returns how many there were. */
async function consume(stream: string, group: string, count: number): Promise<number> {
  const reply = await redis.xreadgroup('GROUP', group, 'c', 'COUNT', count, 'STREAMS', stream, '>');
  const entries = (reply as [string, [string, string[]][]][] | null)?.[0]?.[1] ?? [];
  for (const [id] of entries) await redis.xack(stream, group, id);
  return entries.length;
}

describe.concurrent('--max-lag', () => {
  test('never leaves a group more to read than that, whatever the batch, and drains all of it', async () => {
    const [table, stream] = [await jobs.tableOf(700), uniqueName('lag')];
    await redis.xgroup('CREATE', stream, 'slow', '0', 'MKSTREAM');
    const drain = await running(caseOf(table, stream, { brake: { maxLag: 100 }, batch: 1000, workers: 3 }));
    const braked = await drain.until('braked', ({ brakes }) => brakes.length > 0);
    expect(braked).toMatchObject({ state: 'braked', brakes: [{ brake: 'max-lag', limit: 100 }] });
    expect(braked.brakes[0]!.reason).toMatch(/^group slow lags by \d+ entries; at most 100 may$/);
    let read = 0;
    let most = 0;
    await waitFor(
      async () => {
        most = Math.max(most, (await redis.xlen(stream)) - read);
        read += await consume(stream, 'slow', 60);
        return read === 700;
      },
      { what: 'all read', timeoutMs: 20_000, everyMs: 1 },
    );
    expect(await drain.report).toMatchObject({ converged: true, appended: 700 });
    expect(most).toBeLessThanOrEqual(100);
    expect(most).toBeGreaterThan(50);
  });

  test('counts what Redis does not know, and the whole stream where no group reads it', async () => {
    const [table, stream] = [await jobs.tableOf(60), uniqueName('unknown')];
    const ids: string[] = [];
    for (let n = 0; n < 20; n += 1) ids.push((await redis.xadd(stream, '*', 'n', n))!);
    const drain = await running(caseOf(table, stream, { brake: { maxLag: 15 } }));
    const nobody = await drain.until('braked', ({ brakes }) => brakes.length > 0);
    expect(nobody.brakes[0]).toMatchObject({ value: 20 });
    expect(nobody.brakes[0]!.reason).toContain('no group reads the stream');
    await redis.xgroup('CREATE', stream, 'late', ids[9]!);
    // A gap behind the position: from here on Redis cannot tell the lag.
    await redis.xdel(stream, ids[12]!);
    const behind = await drain.until('let go', ({ read }) => read > 0);
    expect(behind.read).toBeLessThanOrEqual(6);
    await drain.until('braked again', ({ brakes }) => brakes[0]?.value === 15);
    expect(await redis.xlen(stream)).toBe(25);
  });
});

describe.concurrent('--max-stream-length', () => {
  test('is kept to by two processes together, over all partitions', async () => {
    const [table, stream] = [await jobs.tableOf(600), uniqueName('length')];
    const test = caseOf(
      table,
      stream,
      { brake: { maxStreamLength: 90 }, workers: 4 },
      { target: { stream, partitions: 3 } },
    );
    const keys = [0, 1, 2].map((p) => `${stream}:{${p}}`);
    const length = async (): Promise<number> =>
      (await Promise.all(keys.map((key) => redis.xlen(key)))).reduce((a, b) => a + b, 0);
    const drains = [await running(test), await running(test, 2)];
    let most = 0;
    let gone = 0;
    await waitFor(
      async () => {
        const now = await length();
        most = Math.max(most, now);
        if (now > 60) for (const key of keys) gone += await redis.xtrim(key, 'MAXLEN', 5);
        return gone + now >= 600 && (await jobs.rowsIn(table)) === 0;
      },
      { what: 'all drained', timeoutMs: 25_000, everyMs: 5 },
    );
    expect(most).toBeLessThanOrEqual(90);
    const reports = await Promise.all(drains.map(({ report }) => report));
    expect(Math.max(...reports.map(({ appended }) => appended))).toBe(600);
  });

  test('a source that is empty ends the drain although the brake still holds', async () => {
    const [table, stream] = [await jobs.tableOf(50), uniqueName('full')];
    const drain = await running(caseOf(table, stream, { brake: { maxStreamLength: 50 } }));
    expect(await drain.report).toMatchObject({ ending: 'empty', appended: 50, converged: true });
  });
});

// One after the other: they set maxmemory of one Redis.
describe('--max-memory', () => {
  let own: TestRedis;
  beforeAll(async () => {
    own = await startRedis();
  });
  afterAll(() => own.stop());

  test('of a Redis without maxmemory cannot be a percentage: refused before anything has changed', async () => {
    const [table, stream] = [await jobs.tableOf(1), uniqueName('percent')];
    const test = caseOf(table, stream, { brake: { maxMemory: { percent: 80 } } }, { redisUrl: own.url });
    const { findings } = await plan(test);
    expect(findings).toContainEqual(
      expect.objectContaining({
        level: 'blocker',
        code: 'BRAKE_NOT_MEASURABLE',
        text: expect.stringContaining('no maxmemory'),
      }),
    );
  });

  test('holds a drain at the limit, and a larger maxmemory lets it go', async () => {
    const [table, stream] = [await jobs.tableOf(400, 20_000), uniqueName('memory')];
    await withRedis((client) => client.config('SET', 'maxmemory', '8mb'), own.url);
    const test = caseOf(
      table,
      stream,
      { brake: { maxMemory: { percent: 60 } }, batch: 20 },
      { redisUrl: own.url },
    );
    const drain = await running(test);
    const braked = await drain.until('braked', ({ brakes, read }) => brakes.length > 0 && read > 0);
    expect(braked.brakes[0]!.reason).toMatch(
      /^Redis uses .* MiB of at most 4\.8 MiB \(60% of its maxmemory\)$/,
    );
    // Not overshot by a unit, which would be 4 MB: by the size of some messages at most.
    expect(braked.brakes[0]!.value).toBeLessThan(8 * 1024 * 1024 * 0.75);
    await withRedis((client) => client.config('SET', 'maxmemory', '100mb'), own.url);
    expect(await drain.report).toMatchObject({ converged: true, appended: 400 });
  });
});

describe.concurrent('--max-source-load', () => {
  const load = async (value: string): Promise<string> => {
    const name = uniqueName('load').replace('-', '_');
    await jobs.sql(`CREATE TABLE ${name} AS SELECT ${value} AS v`);
    return name;
  };

  test('holds while the query says so, or cannot be asked, and holds nothing of the source', async () => {
    const [table, stream, name] = [await jobs.tableOf(30), uniqueName('load'), await load('2')];
    const drain = await running(caseOf(table, stream, { brake: { maxSourceLoad: `SELECT v FROM ${name}` } }));
    const braked = await drain.until('braked', ({ brakes }) => brakes[0]?.value === 2);
    expect(braked.brakes[0]!.reason).toBe('the source is under load: its query gives 2');
    const open = () =>
      jobs.sql(
        `SELECT state FROM pg_stat_activity WHERE application_name LIKE 'qctl/${drain.run.slice(0, 40)}%' AND state <> 'idle'`,
      );
    // What a lane asks when it begins may still be under way.
    await waitFor(async () => (await open()).length === 0, { what: 'idle sessions' });
    await jobs.sql(`ALTER TABLE ${name} RENAME TO ${name}_away`);
    await drain.until('not measured', ({ brakes }) =>
      /could not be measured: .*does not exist/.test(brakes[0]?.reason ?? ''),
    );
    expect(drain.snapshot().read).toBe(0);
    await jobs.sql(`ALTER TABLE ${name}_away RENAME TO ${name}`);
    await jobs.sql(`UPDATE ${name} SET v = 0`);
    expect(await drain.report).toMatchObject({ converged: true, appended: 30 });
  });

  test.each([
    ['no SQL', 'SELEC 1', /syntax error/],
    ['two rows', 'SELECT generate_series(1, 2)', /one row of one column, and gave 2/],
    ['NULL', 'SELECT NULL::int', /gave NULL/],
    ['a word', `SELECT 'much'`, /number or a boolean/],
    ['a change', 'DELETE FROM pg_class RETURNING 1', /read-only|permission denied/],
    ['two statements', 'SELECT 1; SELECT 2', /multiple commands/],
  ])('is refused before anything has changed where the query is %s', async (_, query, why) => {
    const { findings } = await plan(
      caseOf(await jobs.tableOf(1), uniqueName('bad'), { brake: { maxSourceLoad: query } }),
    );
    const blocker = findings.find(({ level }) => level === 'blocker');
    expect(blocker).toMatchObject({ code: 'BRAKE_NOT_MEASURABLE' });
    expect(blocker!.text).toMatch(why);
  });
});

describe.concurrent('--stop-file', () => {
  test('holds every run that names it, and lets all of them go; without its folder none begins', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'qctl-stop-'));
    const stopFile = join(folder, 'stop');
    await writeFile(stopFile, '');
    const tables = [await jobs.tableOf(10), await jobs.tableOf(10)];
    const drains = await Promise.all(
      tables.map((table) => running(caseOf(table, uniqueName('file'), { brake: { stopFile } }))),
    );
    for (const drain of drains) {
      const { brakes, read } = await drain.until(
        'braked',
        (one) => one.brakes.length > 0 && one.brakes[0]!.value === 1,
      );
      expect([brakes[0]!.reason, read]).toEqual([`the file ${stopFile} exists`, 0]);
    }
    await rm(stopFile);
    for (const { report } of drains) expect(await report).toMatchObject({ converged: true, appended: 10 });
    await rm(folder, { recursive: true });
    const { findings } = await plan(caseOf(tables[0]!, uniqueName('file'), { brake: { stopFile } }));
    expect(findings).toContainEqual(
      expect.objectContaining({ level: 'blocker', text: expect.stringContaining('does not exist') }),
    );
  });
});

test.concurrent('several brakes all say why, to any host; lifting one is not enough', async () => {
  const [table, stream] = [await jobs.tableOf(40), uniqueName('several')];
  await redis.xadd(stream, '*', 'n', '1');
  const drain = await running(caseOf(table, stream, { brake: { maxLag: 1, maxStreamLength: 1 } }));
  const connection = await connectRedis({ url: sharedRedisUrl() });
  const by = { by: 'test', reason: null };
  const status = await waitFor(async () => {
    const now = await runStatus(connection, drain.run);
    return now.brakes.length === 2 && now.brakes.every(({ value }) => value !== null) && now;
  });
  expect(status).toMatchObject({
    state: 'braked',
    brakes: [
      { brake: 'max-lag', value: 1 },
      { brake: 'max-stream-length', value: 1 },
    ],
  });
  await setRun(connection, drain.run, [['max-lag', 'off']], by);
  await drain.until('one brake', ({ brakes }) => brakes.length === 1);
  expect(drain.snapshot().read).toBe(0);
  await setRun(connection, drain.run, [['max-stream-length', '1000']], by);
  expect(await drain.report).toMatchObject({ converged: true, appended: 40 });
  await connection.close();
});

test.concurrent('a rate in bytes is kept to', async () => {
  const [table, stream] = [await jobs.tableOf(60, 10_000), uniqueName('bytes')];
  const from = performance.now();
  await (await running(caseOf(table, stream, { bytesPerSecond: 300_000 }))).report;
  const seconds = (performance.now() - from) / 1000;
  expect(seconds).toBeGreaterThan(1.2);
  expect(seconds).toBeLessThan(8);
});

test.concurrent('a braked drain of a queue holds no message of it', async () => {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('q'));
  await sqs.send(
    queueUrl,
    Array.from({ length: 30 }, () => randomBytes(4).toString('hex')),
  );
  const stream = uniqueName('braked');
  const drain = await running({
    queueUrl,
    endpoint: sqs.endpoint,
    target: { stream },
    settings: { brake: { maxStreamLength: 12 } },
  });
  await drain.until('braked', ({ brakes, read }) => brakes[0]?.value === 12 && read === 12);
  expect(await sqs.depth(queueUrl)).toMatchObject({ total: 18 });
  expect((await sqs.depth(queueUrl)).inFlight).toBe(0);
  await redis.xtrim(stream, 'MAXLEN', 0);
  await drain.until('braked again', ({ brakes, read }) => brakes.length > 0 && read === 24);
  await redis.xtrim(stream, 'MAXLEN', 0);
  expect(await drain.report).toMatchObject({ appended: 30 });
  expect(await entriesOf(stream)).toHaveLength(6);
});
