import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { runStatus, stopRun } from '../../src/drain/index.ts';
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
afterAll(async () => {
  await endAll();
  await redis.close();
});

const caseOf = (
  table: string,
  stream: string,
  spec: object = {},
  settings: DrainCase['settings'] = {},
): DrainCase => ({
  spec: { table, ...spec },
  database: jobs.url,
  target: { stream },
  settings: { follow: true, ...settings },
});

/** A table whose inserts notify the channel of its own name. */
async function notifyingTable(rows = 0): Promise<string> {
  const table = await jobs.tableOf(rows);
  await jobs.sql(`CREATE FUNCTION ${table}_tell() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_notify('${table}', ''); RETURN NULL; END $$`);
  await jobs.sql(
    `CREATE TRIGGER tell AFTER INSERT ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION ${table}_tell()`,
  );
  return table;
}

const following = ({ state }: { state: string }): boolean => state === 'following';

describe.concurrent('a follow of a table', () => {
  test('goes on after the end, and a notification brings each row at once', async () => {
    const [table, stream] = [await notifyingTable(5), uniqueName('follow')];
    const one = await running(caseOf(table, stream, { notify: [table] }));
    await one.until('following', following);
    // Ten times the poll behind it would take most of a minute.
    for (let n = 6; n <= 15; n += 1) {
      await jobs.insert(table, 1);
      await one.until(`row ${n}`, ({ settled }) => settled === n, 15_000);
    }
    const status = await waitFor(async () => {
      const now = await runStatus(redis, one.run);
      return now.state === 'following' ? now : undefined;
    });
    expect(status).toMatchObject({ remaining: 0, brakes: [], waits: [] });
    await stopRun(redis, one.run, { by: 'test', reason: 'cutover' });
    expect(await one.report).toMatchObject({
      ending: 'stopped',
      converged: true,
      appended: 15,
      state: 'stopped',
      handover: { enqueuedBefore: null, lastId: '15' },
    });
    const again = await drain({ ...caseOf(table, stream), settings: {} });
    expect(again.report).toMatchObject({ run: one.run, state: 'done', appended: 15 });
  });

  test('lets the database rest, and finds what nobody tells of', async () => {
    const [table, stream] = [await jobs.tableOf(0), uniqueName('quiet')];
    const one = await running(caseOf(table, stream, { notify: ['nobody_tells'] }));
    await one.until('following', following);
    const starts = new Set<string>();
    const until = performance.now() + 2000;
    while (performance.now() < until) {
      const rows = await jobs.sql<{ s: string }>(
        `SELECT pid || ' ' || query_start AS s FROM pg_stat_activity WHERE application_name ~ '^qctl/${one.run}/[0-9]'`,
      );
      for (const { s } of rows) starts.add(s);
    }
    // Two lanes; a look every 200 ms would be twenty of them.
    expect(starts.size).toBeLessThanOrEqual(6);
    await jobs.insert(table, 3);
    await one.until('found', ({ settled }) => settled === 3);
    one.interrupt();
    expect(await one.report).toMatchObject({ ending: 'signal', appended: 3 });
  });

  test('whose listening session is ended says so, looks by itself, and listens again', async () => {
    const [table, stream] = [await notifyingTable(), uniqueName('killed')];
    const one = await running(caseOf(table, stream, { notify: [table, 'Another "One"'] }));
    const listeners = () =>
      jobs.sql<{ pid: number }>(
        `SELECT pid FROM pg_stat_activity WHERE application_name = 'qctl/${one.run}/listen'`,
      );
    const [first] = await waitFor(async () => {
      const found = await listeners();
      return found.length > 0 ? found : undefined;
    });
    await one.until('following', following);
    // At the same instant: the notification reaches nobody.
    await jobs.sql(`SELECT pg_terminate_backend(${first!.pid})`);
    await jobs.insert(table, 2);
    await one.until('row found', ({ settled }) => settled === 2);
    await waitFor(async () => (await listeners()).some(({ pid }) => pid !== first!.pid), {
      what: 'it listens again',
    });
    await one.until('nothing to tell of', ({ waits }) => waits.length === 0);
    await jobs.insert(table, 2);
    await one.until('rows', ({ settled }) => settled === 4);
    one.interrupt();
    const { notes } = await one.done;
    expect(notes).toEqual([
      expect.stringMatching(/^notifications were lost: ./),
      'notifications arrive again',
    ]);
  });

  test('that copies follows as well', async () => {
    const [table, stream] = [await notifyingTable(4), uniqueName('copy')];
    const one = await running(caseOf(table, stream, { mode: 'copy', notify: [table] }, { workers: 1 }));
    await one.until('following', following);
    await jobs.insert(table, 6);
    await one.until('copied', ({ appended }) => appended === 10);
    await stopRun(redis, one.run, { by: 'test', reason: null });
    expect(await one.report).toMatchObject({ ending: 'stopped', appended: 10, converged: true });
    expect((await entriesOf(stream)).map((entry) => entry.text('id'))).toEqual(
      Array.from({ length: 10 }, (_, i) => `${i + 1}`),
    );
  });

  test('ends at its time', async () => {
    const until = new Date(Date.now() + 1500);
    const one = await drain(caseOf(await jobs.tableOf(0), uniqueName('until'), {}, { until }));
    expect(one.report).toMatchObject({ ending: 'until', converged: true });
  });

  test('ends at its limit', async () => {
    const table = await jobs.tableOf(3);
    const one = await running(caseOf(table, uniqueName('limit'), {}, { limit: 5 }));
    await one.until('following', following);
    await jobs.insert(table, 9);
    expect(await one.report).toMatchObject({ ending: 'limit', appended: 5 });
  });
});

test.concurrent('a follow of a queue takes what comes later', async () => {
  const sqs = sharedSqs();
  const [queueUrl, stream] = [await sqs.createQueue(uniqueName('q')), uniqueName('sqsfollow')];
  await sqs.send(queueUrl, ['one']);
  const one = await running({
    queueUrl,
    endpoint: sqs.endpoint,
    target: { stream },
    settings: { follow: true, waitSeconds: 2 },
  });
  await one.until('following', (now) => following(now) && now.settled === 1);
  await sqs.send(queueUrl, ['two', 'three']);
  await one.until('all', ({ settled }) => settled === 3);
  await stopRun(redis, one.run, { by: 'test', reason: null });
  expect(await one.report).toMatchObject({ ending: 'stopped', appended: 3, open: 0, converged: true });
});

describe.concurrent('a boundary', () => {
  const bounded = (table: string, stream: string, settings: DrainCase['settings'], spec: object = {}) =>
    caseOf(table, stream, { enqueuedAt: 'created_at', ...spec }, { follow: false, ...settings });
  const T0 = new Date('2026-11-22T06:00:00Z');

  test('now is the moment of the first call, and stays it when the run is continued', async () => {
    const [table, stream] = [await jobs.tableOf(20), uniqueName('now')];
    const first = await drain(bounded(table, stream, { boundary: 'now', limit: 5, batch: 5 }));
    const { enqueuedBefore } = first.plan;
    expect(enqueuedBefore).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(first.report.handover).toMatchObject({ enqueuedBefore, entry: { [stream]: expect.any(String) } });
    expect((await plan(bounded(table, stream, { boundary: 'now' }))).enqueuedBefore).toBe(enqueuedBefore);
    expect((await plan(bounded(table, stream, {}))).enqueuedBefore).toBe(enqueuedBefore);
    expect(await runStatus(redis, first.report.run)).toMatchObject({ enqueuedBefore });
    const changed = await plan(bounded(table, stream, { boundary: T0 }));
    expect(changed.enqueuedBefore).toBe(T0.toISOString());
    expect(changed.findings).toContainEqual(
      expect.objectContaining({
        code: 'BOUNDARY_CHANGED',
        text: expect.stringContaining(`${enqueuedBefore} -> ${T0.toISOString()}`),
      }),
    );
    for (const settings of [{ boundary: 'none' as const }, { follow: true }])
      expect((await plan(bounded(table, stream, settings))).enqueuedBefore).toBeNull();
  });

  test('leaves what came later, ends all the same, and says where the other side begins', async () => {
    const [table, stream] = [await jobs.tableOf(0), uniqueName('split')];
    await jobs.sql(
      `INSERT INTO ${table} (payload, created_at) SELECT 'x', '2026-11-22T05:59:58Z'::timestamptz + i * interval '1 s' FROM generate_series(0, 5) i`,
    );
    const { report } = await drain(bounded(table, stream, { boundary: T0 }));
    expect(report).toMatchObject({ ending: 'empty', converged: true, appended: 2, remaining: 0 });
    expect(report.handover).toMatchObject({
      enqueuedBefore: '2026-11-22T06:00:00.000Z',
      lastId: '2',
      lastEnqueuedAt: '2026-11-22T05:59:59.000000Z',
    });
    expect(await jobs.rowsIn(table)).toBe(4);
  });

  test('of a copy cannot be changed, of a table without a time cannot be told', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('fixed')];
    const copy = (settings: DrainCase['settings']) =>
      bounded(table, stream, { workers: 1, verify: false, ...settings }, { mode: 'copy' });
    const { report } = await drain(copy({ boundary: T0 }));
    expect(await failureOf(plan(copy({ boundary: 'none' })))).toMatchObject({
      code: 'BOUNDARY_OF_COPY',
      details: { run: report.run },
    });
    expect((await plan(copy({ boundary: 'now' }))).enqueuedBefore).toBe(T0.toISOString());
    expect(await failureOf(plan(caseOf(table, stream, {}, { follow: false, boundary: T0 })))).toMatchObject({
      code: 'ENQUEUED_AT_MISSING',
    });
  });

  test('of a queue is the clock of the queue', async () => {
    const sqs = sharedSqs();
    const queueUrl = await sqs.createQueue(uniqueName('q'));
    const { enqueuedBefore } = await plan({
      queueUrl,
      endpoint: sqs.endpoint,
      target: { stream: uniqueName('s') },
      settings: { boundary: 'now' },
    });
    expect(enqueuedBefore).toMatch(/:\d\d\.000Z$/);
  });
});
