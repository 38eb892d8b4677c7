import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { listRuns, pauseRun, resumeRun, runStatus, setRun, stopRun } from '../../src/drain/index.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, drain, entriesOf, failureOf, plan } from './driver.ts';
import { jobsDatabase } from './jobs.ts';
import { endAll, running } from './running.ts';

let jobs: Awaited<ReturnType<typeof jobsDatabase>>;
let redis: RedisConnection;
beforeAll(async () => {
  jobs = await jobsDatabase();
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(() => redis.close());
afterAll(endAll);

const ANN = { by: 'ann@desk', reason: 'index rebuild' };
const caseOf = (table: string, stream: string, settings: DrainCase['settings']): DrainCase => ({
  spec: { table },
  database: jobs.url,
  target: { stream },
  settings,
});
/** A drain that would take long by itself. */
const slow = async (settings: DrainCase['settings'] = {}, rows = 3000) => {
  const [table, stream] = [await jobs.tableOf(rows), uniqueName('ctl')];
  const test = caseOf(table, stream, { ratePerSecond: 200, batch: 10, ...settings });
  return { table, stream, test };
};

describe.concurrent('a pause', () => {
  test('holds all processes within a second, shows who and why anywhere, and ends as it began', async () => {
    const { table, test } = await slow({}, 400);
    const drains = [await running(test), await running(test, 2)];
    await drains[0]!.until('at work', ({ read }) => read > 0);
    const { changes, processes } = await pauseRun(redis, drains[0]!.run, ANN);
    expect({ changes, processes }).toMatchObject({
      changes: [{ what: 'paused', prior: null, next: ANN }],
      processes: 2,
    });
    for (const one of drains) await one.until('paused', ({ state }) => state === 'paused', 5000);
    expect(drains[0]!.snapshot()).toMatchObject({ paused: ANN, etaMs: null });
    const status = await waitFor(async () => {
      const now = await runStatus(redis, drains[0]!.run);
      return now.state === 'paused' && now.remaining !== null ? now : undefined;
    });
    // What the last seconds before were like says nothing of when it ends.
    expect(status).toMatchObject({ paused: ANN, processes: 2, ratePerSecond: null, etaMs: null });
    expect(await listRuns(redis, 50)).toContainEqual(
      expect.objectContaining({ run: status.run, state: 'paused', paused: expect.objectContaining(ANN) }),
    );
    await waitFor(async () => (await runStatus(redis, status.run)).open === 0, { what: 'nothing in hand' });
    const left = await jobs.rowsIn(table);
    // Nothing of the source is held: every row may be locked at once.
    expect(await jobs.sql(`SELECT id FROM ${table} FOR UPDATE NOWAIT`)).toHaveLength(left);
    const again = await pauseRun(redis, status.run, { by: 'bob@desk', reason: null });
    expect(again.changes[0]).toMatchObject({ prior: ANN, next: { by: 'bob@desk' } });
    expect(await jobs.rowsIn(table)).toBe(left);
    await setRun(redis, status.run, [['rate', 'off']], ANN);
    await resumeRun(redis, status.run, ANN);
    const reports = await Promise.all(drains.map(({ report }) => report));
    expect(Math.max(...reports.map(({ appended }) => appended))).toBe(400);
    expect(await jobs.rowsIn(table)).toBe(0);
  });

  test('belongs to the run: who continues it stands, even with an empty source, and a signal ends that at once', async () => {
    const { test, stream } = await slow();
    const first = await running(test);
    await first.until('at work', ({ read }) => read > 0);
    await pauseRun(redis, first.run, ANN);
    await first.until('paused', ({ state }) => state === 'paused');
    first.interrupt();
    const { ending, appended } = await first.report;
    expect(ending).toBe('signal');
    expect((await plan(test)).paused).toMatchObject(ANN);
    const second = await running({
      ...test,
      settings: { ...test.settings, until: new Date(Date.now() + 4000) },
    });
    await second.until('paused', ({ state }) => state === 'paused');
    const report = await second.report;
    expect(report).toMatchObject({ run: first.run, ending: 'until', appended, paused: ANN });
    expect(await entriesOf(stream)).toHaveLength(appended);
    expect(await runStatus(redis, first.run)).toMatchObject({ state: 'stopped', paused: ANN });
  });

  test('of a queue takes no message that comes into a long poll, and receives none in vain', async () => {
    const sqs = sharedSqs();
    const queueUrl = await sqs.createQueue(uniqueName('q'));
    const one = await running({
      queueUrl,
      endpoint: sqs.endpoint,
      target: { stream: uniqueName('poll') },
      settings: { follow: true, waitSeconds: 20, workers: 3 },
    });
    await one.until('following', ({ state }) => state === 'running' || state === 'following');
    await pauseRun(redis, one.run, ANN);
    await one.until('paused', ({ state }) => state === 'paused');
    await new Promise((resolve) => setTimeout(resolve, 600));
    await sqs.send(queueUrl, ['late']);
    await new Promise((resolve) => setTimeout(resolve, 800));
    expect(await sqs.depth(queueUrl)).toMatchObject({ visible: 1, inFlight: 0 });
    expect(one.snapshot().read).toBe(0);
    await resumeRun(redis, one.run, ANN);
    await one.until('read', ({ appended, settled }) => appended === 1 && settled === 1);
    one.interrupt();
    expect(await one.report).toMatchObject({ ending: 'signal', appended: 1, open: 0 });
  });
});

describe.concurrent('a stop', () => {
  test('ends every process with a report and nothing open, and who comes later goes on', async () => {
    const { test } = await slow({}, 600);
    const drains = [await running(test), await running(test, 2)];
    await drains[1]!.until('at work', ({ read }) => read > 0);
    expect(await stopRun(redis, drains[0]!.run, ANN)).toMatchObject({ processes: 2 });
    const reports = await Promise.all(drains.map(({ report }) => report));
    for (const report of reports)
      expect(report).toMatchObject({ ending: 'stopped', stopped: ANN, converged: false });
    // Who ends first may see what the other one has in hand.
    expect(Math.min(...reports.map(({ open }) => open))).toBe(0);
    const last = await drain({ ...test, settings: {} });
    expect(last.plan).toMatchObject({ kind: 'continue', run: drains[0]!.run });
    expect(last.report).toMatchObject({ appended: 600, converged: true, stopped: null });
  });

  test('of what is finished is refused, and of what is not there a usage error', async () => {
    const { test } = await slow({}, 3);
    const { report } = await drain(test);
    for (const act of [pauseRun, resumeRun, stopRun])
      expect(await failureOf(act(redis, report.run, ANN))).toMatchObject({
        kind: 'refused',
        code: 'RUN_FINISHED',
      });
    expect(await failureOf(stopRun(redis, 'nope', ANN))).toMatchObject({
      kind: 'usage',
      code: 'RUN_NOT_FOUND',
    });
  });
});

describe.concurrent('settings of a run', () => {
  test('take effect within a second, survive its processes, and end with -', async () => {
    const { test } = await slow({ ratePerSecond: 1, brake: { maxLag: 5000 } }, 500);
    const first = await running(test);
    await first.until('at work', ({ read }) => read > 0);
    const { changes } = await setRun(
      redis,
      first.run,
      [
        ['rate', '150/s'],
        ['batch', '7'],
      ],
      ANN,
    );
    expect(changes).toMatchObject([
      { what: 'rate', prior: null, next: { value: '150/s' } },
      { what: 'batch' },
    ]);
    await first.until('faster', ({ read }) => read > 30, 5000);
    first.interrupt();
    await first.report;
    expect((await plan(test)).overrides).toMatchObject([
      { setting: 'rate', value: '150/s', ...ANN },
      { setting: 'batch' },
    ]);
    const second = await running(test);
    await second.until('as fast', ({ read }) => read > 30, 5000);
    await setRun(redis, first.run, [['rate', '-']], ANN);
    const settled = await second.until('slow again', ({ ratePerSecond }) => ratePerSecond <= 20, 15_000);
    expect((await runStatus(redis, first.run)).overrides).toMatchObject([{ setting: 'batch', value: '7' }]);
    const again = await setRun(redis, first.run, [['rate', '5MB/s']], ANN);
    expect(again.changes[0]!.prior).toBeNull();
    expect((await second.report).appended).toBe(500);
    expect(settled.read).toBeLessThan(470);
  });

  test('that are no settings are refused with the nearest one, and then none is changed', async () => {
    const { test } = await slow();
    const one = await running(test);
    const set = (...pairs: [string, string][]) => failureOf(setRun(redis, one.run, pairs, ANN));
    expect(await set(['rate', '9/s'], ['max-lagg', '5'])).toMatchObject({
      code: 'UNKNOWN_SETTING',
      hint: ['did you mean max-lag?', expect.stringContaining('max-stream-length')],
    });
    expect(await set(['rate', 'fast'])).toMatchObject({ kind: 'usage', code: 'BAD_SETTING' });
    expect(await set(['max-lag', '0'])).toMatchObject({ code: 'BAD_SETTING' });
    expect(await set(['receivers', '4..8'])).toMatchObject({ code: 'SETTING_NOT_FOR_SOURCE' });
    expect(await set(['max-memory', '80%'])).toMatchObject({ kind: 'refused', code: 'NO_MAXMEMORY' });
    // Whoever may write to the target must not run SQL in the source.
    expect(await set(['max-source-load', 'SELECT 1'])).toMatchObject({ code: 'BAD_SETTING' });
    expect((await runStatus(redis, one.run)).overrides).toEqual([]);
    const dry = await setRun(redis, one.run, [['rate', '9/s']], { ...ANN, dryRun: true });
    expect(dry.changes[0]).toMatchObject({ prior: null, next: { value: '9/s' } });
    expect((await runStatus(redis, one.run)).overrides).toEqual([]);
  });

  test('change how many receivers work on a queue', async () => {
    const sqs = sharedSqs();
    const queueUrl = await sqs.createQueue(uniqueName('q'));
    await sqs.send(
      queueUrl,
      Array.from({ length: 60 }, (_, n) => `m${n}`),
    );
    const stream = uniqueName('recv');
    const one = await running({
      queueUrl,
      endpoint: sqs.endpoint,
      target: { stream },
      settings: { ratePerSecond: 5, workers: 1 },
    });
    await one.until('at work', ({ read }) => read > 0);
    await setRun(
      redis,
      one.run,
      [
        ['receivers', '2..6'],
        ['rate', 'off'],
      ],
      ANN,
    );
    expect(await one.report).toMatchObject({ converged: true, appended: 60 });
    expect(new Set((await entriesOf(stream)).map((entry) => entry.text('body'))).size).toBe(60);
  });
});
