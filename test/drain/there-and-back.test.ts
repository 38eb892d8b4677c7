import { expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { runStatus } from '../../src/drain/index.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { consume, goBack } from './back-driver.ts';
import { type DrainCase, drain, entriesOf, failureOf, ownDatabase, plan, withRedis } from './driver.ts';

/** A table, and how it is drained into a stream whose workers have seen nothing yet. */
async function table(rows: number, settings: DrainCase['settings'] = {}) {
  const db = await ownDatabase();
  await db.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  await db.sql(`INSERT INTO jobs SELECT g, 'p' || g FROM generate_series(1, ${rows}) g`);
  const stream = uniqueName('jobs');
  const forward: DrainCase = {
    spec: { table: 'jobs' },
    database: db.url,
    target: { stream, createGroup: 'workers' },
    settings,
  };
  const back = { source: { stream }, table: { url: db.url, spec: { table: 'jobs' } } };
  return { db, stream, forward, back };
}

test('a drain that was interrupted, rolled back and begun again counts what went back once', async () => {
  const { stream, forward, back } = await table(20);
  const first = await drain({ ...forward, settings: { limit: 8 } });
  expect(first.report).toMatchObject({ appended: 8, remaining: 12 });
  const done = await consume(stream, { count: 3 });
  await withRedis((redis) => redis.xack(stream, 'workers', ...done.map(({ entry }) => entry)));
  const returned = await goBack(back);
  expect(returned.report).toMatchObject({ converged: true, returned: 5 });

  const { plan: planned, report } = await drain(forward);
  expect(planned).toMatchObject({ kind: 'new' });
  expect(planned.findings).toContainEqual(
    expect.objectContaining({
      level: 'note',
      code: 'WAY_BACK_SINCE',
      text: expect.stringContaining(returned.report.run),
    }),
  );
  expect(report).toMatchObject({ converged: true, appended: 17, problems: [] });
  expect(report.run).not.toBe(first.report.run);
  const redis = await connectRedis({ url: sharedRedisUrl() });
  expect(await runStatus(redis, first.report.run)).toMatchObject({ state: 'abandoned', open: 0 });
  await redis.close();
  // Three were done, five stand there twice and are acknowledged once, the rest is new.
  expect(await entriesOf(stream)).toHaveLength(25);
  expect(await consume(stream, { count: 100 })).toHaveLength(17);
});

test('a run that was rolled back is not continued by name', async () => {
  const { forward, back } = await table(4);
  const { report } = await drain({ ...forward, settings: { limit: 2 } });
  await goBack(back);
  expect(await failureOf(drain({ ...forward, settings: { resume: report.run } }))).toMatchObject({
    kind: 'refused',
    code: 'RUN_RETURNED',
  });
  const next = await drain({ ...forward, settings: { limit: 2 } });
  // Of this one nothing has gone back.
  const { plan: planned } = await drain({ ...forward, settings: { resume: next.report.run } });
  expect(planned.kind).toBe('continue');
});

test('a drain is refused while a way back into the same table is at work, as a schedule would start it', async () => {
  const { db, stream, forward, back } = await table(40);
  await drain(forward);
  const stop = new AbortController();
  const going = goBack({ ...back, settings: { ratePerSecond: 5, batch: 1 }, signal: stop.signal });
  going.catch(() => undefined);
  await waitFor(async () => (await db.sql('SELECT 1 FROM jobs')).length > 0, { what: 'the first row' });
  expect((await plan(forward)).findings).toContainEqual(
    expect.objectContaining({ level: 'blocker', code: 'WAY_BACK_AT_WORK' }),
  );
  expect(await failureOf(drain(forward))).toMatchObject({ kind: 'refused' });
  stop.abort();
  await going;
  const { report } = await drain(forward);
  expect(report).toMatchObject({ converged: true, remaining: 0 });
  expect(await db.sql('SELECT 1 FROM jobs')).toEqual([]);
  // What it had not given back by then waits for the workers as before.
  expect(await consume(stream, { count: 100 })).toHaveLength(40);
});
