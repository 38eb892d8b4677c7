import { Redis } from 'ioredis';
import { afterAll, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { pauseRun, resumeRun, runStatus, setRun, stopRun } from '../../src/drain/index.ts';
import { runKey } from '../../src/model/keys.ts';
import { startReplyLoser } from '../support/reply-loser.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import { consume, fillStream, goBack, planBack } from './back-driver.ts';
import { drain, failureOf, ownDatabase, withRedis } from './driver.ts';

const databases = new Map<string, Awaited<ReturnType<typeof ownDatabase>>>();
afterAll(() => databases.clear());

/** A stream of n messages with a group, and an empty table that they could have come from. */
async function filled(n: number) {
  const db = await ownDatabase();
  await db.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  const stream = uniqueName('jobs');
  const messages = Array.from({ length: n }, (_, i) => ({ id: String(i + 1), body: `body ${i + 1}` }));
  const entries = await fillStream(stream, messages);
  const ids = async () =>
    (await db.sql<{ id: number }>('SELECT id FROM jobs ORDER BY id')).map(({ id }) => id);
  return { db, stream, entries, ids, table: { url: db.url, spec: { table: 'jobs' } } };
}

const consumersOf = (stream: string): Promise<string[]> =>
  withRedis(async (redis) => {
    const rows = (await redis.call('XINFO', 'CONSUMERS', stream, 'workers')) as unknown[][];
    return rows.map((row) => String(row[row.indexOf('name') + 1])).sort();
  });

test('entries before --from stay where they are: pending ones with their consumer, others set aside for whoever claims them', async () => {
  const { stream, entries, ids, table } = await filled(10);
  await consume(stream, { count: 2 });
  const { plan, report } = await goBack({ source: { stream, from: entries[5] }, table });
  expect(plan).toMatchObject({ pending: 0, undelivered: 5, before: { pending: 2, undelivered: 3 } });
  expect(report).toMatchObject({ converged: true, returned: 5, parked: 3 });
  expect(await ids()).toEqual([6, 7, 8, 9, 10]);
  const pending = await withRedis((redis) => redis.call('XPENDING', stream, 'workers', '-', '+', 10));
  expect((pending as [string, string][]).map(([id, consumer]) => [id, consumer])).toEqual([
    ...entries.slice(0, 2).map((id) => [id, 'worker-1']),
    ...entries.slice(2, 5).map((id) => [id, report.leftConsumer]),
  ]);
  const all = await goBack({ source: { stream }, table });
  expect(all.report).toMatchObject({ converged: true, returned: 5 });
  expect(await ids()).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
  expect(await consumersOf(stream)).toEqual(['worker-1']);
});

test('entries that were deleted while they were pending are told and acknowledged', async () => {
  const { stream, entries, ids, table } = await filled(4);
  await consume(stream, { count: 3 });
  await withRedis((redis) => redis.xdel(stream, entries[1]!));
  const { report } = await goBack({ source: { stream }, table });
  expect(report).toMatchObject({ converged: true, returned: 3, gone: 1, goneIds: [entries[1]] });
  expect(await ids()).toEqual([1, 3, 4]);
  await withRedis(async (redis) => expect((await redis.xpending(stream, 'workers'))[0]).toBe(0));
});

test('entries that were delivered a moment ago are waited for, and the progress says so', async () => {
  const { stream, ids, table } = await filled(4);
  await consume(stream, { count: 2 });
  const { report, waits } = await goBack({ source: { stream }, table, settings: { minIdleMs: 1500 } });
  expect(waits.join()).toMatch(/too lately/);
  expect(report).toMatchObject({ converged: true, returned: 4 });
  expect(await ids()).toEqual([1, 2, 3, 4]);
});

test('--delete takes what was given back from the stream, and the plan names the other groups', async () => {
  const { stream, table } = await filled(4);
  await withRedis((redis) => redis.xgroup('CREATE', stream, 'auditors', '0'));
  const { plan, report } = await goBack({ source: { stream }, table, settings: { delete: true } });
  expect(plan.findings).toContainEqual(expect.objectContaining({ level: 'warning', code: 'OTHER_GROUPS' }));
  expect(report).toMatchObject({ converged: true, returned: 4 });
  await withRedis(async (redis) => expect(await redis.xlen(stream)).toBe(0));
});

test('a limit ends the run early; the same command goes on', async () => {
  const { stream, ids, table } = await filled(9);
  const first = await goBack({ source: { stream }, table, settings: { limit: 4, batch: 2 } });
  expect(first.report).toMatchObject({ ending: 'limit', returned: 4, state: 'stopped' });
  const second = await goBack({ source: { stream }, table });
  expect(second.plan).toMatchObject({ kind: 'continue', run: first.plan.run });
  expect(second.report).toMatchObject({ converged: true, returned: 9, destinationCount: 9 });
  expect(await ids()).toHaveLength(9);
});

test('an unfinished run is not continued into another place, unless it is given up, and then what it had in hand is named', async () => {
  const { db, stream, entries, ids, table } = await filled(6);
  const first = await goBack({ source: { stream }, table, settings: { limit: 2, batch: 2 } });
  // As if it had been killed with an entry in hand.
  await withRedis((redis) =>
    redis.xreadgroup('GROUP', 'workers', `qctl-back:${first.plan.run}`, 'COUNT', 1, 'STREAMS', stream, '>'),
  );
  await db.sql('CREATE TABLE others (id int PRIMARY KEY, payload text)');
  const other = { ...table, spec: { table: 'others' } };
  const failure = await failureOf(goBack({ source: { stream }, table: other }));
  expect(failure).toMatchObject({ kind: 'refused', code: 'RUN_CONTEXT_CHANGED' });
  expect(failure.message).toMatch(/ went elsewhere: --to: postgres:\S+ -> postgres:\S+public\.others$/);
  const { report } = await goBack({ source: { stream }, table: other, settings: { fresh: true } });
  expect(report).toMatchObject({ returned: 4, inherited: [entries[2]], converged: false });
  expect(await ids()).toEqual([1, 2]);
});

test('a drain of the same table that was interrupted with messages in hand is finished first', async () => {
  const db = await ownDatabase();
  await db.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text)');
  await db.sql(`INSERT INTO jobs SELECT g, 'p' FROM generate_series(1, 20) g`);
  const stream = uniqueName('jobs');
  const { report } = await drain({
    spec: { table: 'jobs' },
    database: db.url,
    target: { stream, createGroup: 'workers' },
  });
  // As a kill between append and commit leaves it.
  await withRedis(async (redis) => {
    await redis.hset(runKey(report.run), 'state', 'running');
    await redis.hset(`qctl:{${stream}}:checkpoint:${report.run}:0`, 'open', '3');
  });
  const table = { url: db.url, spec: { table: 'jobs' } };
  expect(await failureOf(goBack({ source: { stream }, table }))).toMatchObject({
    kind: 'refused',
    code: 'DRAIN_OPEN',
  });
});

test('answers of Redis that are lost, those to acknowledgements too, lose and double nothing, and count once', async () => {
  const { stream, ids, table } = await filled(200);
  const loser = await startReplyLoser(Number(new URL(sharedRedisUrl()).port));
  const redisUrl = `redis://127.0.0.1:${loser.port}/0`;
  const settings = { batch: 10, ratePerSecond: 120 };
  const running = goBack({ source: { stream }, table, redisUrl, settings });
  await waitFor(async () => (await ids()).length > 0, { what: 'the first rows' });
  // A new connection takes some answers, too: one is lost now and then.
  const losing = setInterval(() => loser.loseNext(), 350);
  const { report } = await running;
  clearInterval(losing);
  expect(loser.lost).toBeGreaterThan(2);
  expect(report).toMatchObject({
    converged: true,
    returned: 200,
    acknowledged: 200,
    disturbed: 0,
    destinationCount: 200,
  });
  expect(await ids()).toHaveLength(200);
  await loser.stop();
});

test('a consumer that finishes an entry while it is given back is named: that entry is done twice', async () => {
  const { db, stream, entries, table } = await filled(3);
  await consume(stream, { count: 1 });
  // The insert waits for this row until the consumer has acknowledged.
  await db.sql(
    'CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.5); RETURN NEW; END $$',
  );
  await db.sql(
    'CREATE TRIGGER slow BEFORE INSERT ON jobs FOR EACH ROW WHEN (NEW.id = 1) EXECUTE FUNCTION slow()',
  );
  const running = goBack({ source: { stream }, table });
  const redis = new Redis(sharedRedisUrl());
  for (;;) {
    const [row] = (await redis.call('XPENDING', stream, 'workers', entries[0]!, entries[0]!, 1)) as [
      string,
      string,
    ][];
    if (row?.[1].startsWith('qctl-back:')) break;
  }
  await redis.xack(stream, 'workers', entries[0]!);
  redis.disconnect();
  const { report } = await running;
  expect(report).toMatchObject({ converged: false, returned: 3, finishedMeanwhile: [entries[0]] });
});

test('the plan changes nothing: neither stream nor table', async () => {
  const { db, stream, ids, table } = await filled(3);
  await consume(stream, { count: 1 });
  const before = await withRedis((redis) => redis.call('XINFO', 'STREAM', stream, 'FULL'));
  const plan = await planBack({ source: { stream }, table });
  expect(plan).toMatchObject({ pending: 1, undelivered: 2, sample: { looked: 3, recognised: 3 } });
  expect(await withRedis((redis) => redis.call('XINFO', 'STREAM', stream, 'FULL'))).toEqual(before);
  expect(await ids()).toEqual([]);
  expect(await db.sql(`SELECT to_regclass('qctl_returned') AS ledger`)).toEqual([{ ledger: null }]);
});

test('what is not due yet and waits beside the stream goes back with its time, as far as the place can hold it', async () => {
  const db = await ownDatabase();
  await db.sql('CREATE TABLE jobs (id int PRIMARY KEY, payload text, due timestamptz)');
  await db.sql(
    `INSERT INTO jobs VALUES (1, 'now', NULL), (2, 'soon', now() + interval '10 minutes'), (3, 'late', now() + interval '2 hours')`,
  );
  const before = await db.sql('SELECT * FROM jobs WHERE id = 3');
  const spec = { table: 'jobs', notBefore: 'due' };
  const stream = uniqueName('jobs');
  await drain({ spec, database: db.url, target: { stream, createGroup: 'workers' } });
  const sqs = sharedSqs();
  const url = await sqs.createQueue(uniqueName('q'));
  const queue = { url, endpoint: sqs.endpoint };
  const there = await goBack({ source: { stream }, queue });
  expect(there.plan).toMatchObject({ undelivered: 1, waiting: 2 });
  expect(there.report).toMatchObject({
    returned: 2,
    unscheduled: 1,
    converged: false,
    remaining: { waiting: 1 },
  });
  expect(there.report.problems.join()).toMatch(/1 message is not due .*900 s/);
  expect(await sqs.depth(url)).toMatchObject({ visible: 1, delayed: 1 });
  const table = { url: db.url, spec };
  const { report } = await goBack({ source: { stream }, table, settings: { fresh: true } });
  expect(report).toMatchObject({ converged: true, returned: 1, unscheduled: 1, destinationCount: 1 });
  expect(await db.sql('SELECT * FROM jobs')).toEqual(before);
});

test('an operator pauses a way back, sets its rate, and lets it go on; a stop ends it, and the same command goes on', async () => {
  const { stream, ids, table } = await filled(400);
  const connection = await connectRedis({ url: sharedRedisUrl() });
  const by = { by: 'test', reason: 'looking' };
  const runOf = async () => (await connection.client.hget(`qctl:lock:back:${stream}/workers`, 'holder'))!;
  const states: string[] = [];
  const running = goBack({
    source: { stream },
    table,
    settings: { batch: 10, ratePerSecond: 100 },
    onSnapshot: ({ state }) => states.push(state),
  });
  await waitFor(async () => (await ids()).length > 20, { what: 'the first rows' });
  await pauseRun(connection, await runOf(), by);
  await waitFor(() => states.at(-1) === 'paused', { what: 'the pause' });
  const held = (await ids()).length;
  const shown = async () => (await runStatus(connection, await runOf())).state === 'paused';
  await waitFor(shown, { what: 'the pause in the status' });
  await expect(setRun(connection, await runOf(), [['max-lag', '5']], by)).rejects.toThrow(
    /no setting of a way back/,
  );
  await setRun(connection, await runOf(), [['rate', '1000/s']], by);
  await resumeRun(connection, await runOf(), by);
  await waitFor(async () => (await ids()).length > held + 20, { what: 'more rows' });
  await stopRun(connection, await runOf(), by);
  const { report } = await running;
  await connection.close();
  expect(report.ending === 'stopped' || report.returned === 400).toBe(true);
  const again = await goBack({ source: { stream }, table });
  expect(again.report).toMatchObject({ converged: true });
  expect(await ids()).toHaveLength(400);
});
