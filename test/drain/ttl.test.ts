import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis, type RedisConnection } from '../../src/backends/redis/index.ts';
import { listRuns, runStatus } from '../../src/drain/index.ts';
import { lockKey, runKey, streamKeys } from '../../src/model/keys.ts';
import { sharedRedisUrl, sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy } from '../support/sqs.ts';
import { type DrainCase, drain, entriesOf, failureOf, plan } from './driver.ts';
import { jobsDatabase } from './jobs.ts';
import { running } from './running.ts';

const DAY = 86_400_000;
const WEEK = 7 * DAY;

let jobs: Awaited<ReturnType<typeof jobsDatabase>>;
let client: Redis;
let redis: RedisConnection;
beforeAll(async () => {
  jobs = await jobsDatabase();
  client = new Redis(sharedRedisUrl());
  redis = await connectRedis({ url: sharedRedisUrl() });
});
afterAll(async () => {
  client.disconnect();
  await redis.close();
});

const caseOf = (
  table: string,
  stream: string,
  settings: DrainCase['settings'] = {},
  spec: object = {},
): DrainCase => ({
  spec: { table, ...spec },
  database: jobs.url,
  target: { stream },
  settings: { workers: 2, ...settings },
});

/** Time left of a run's record and of what stands beside the stream; -1 is for good, -2 is gone. */
async function timesLeft(run: string, stream: string, lanes = 2) {
  const keys = streamKeys(stream);
  const beside =
    lanes === 0 ? [keys.stats(run)] : Array.from({ length: lanes }, (_, lane) => keys.checkpoint(run, lane));
  return {
    record: await client.pttl(runKey(run)),
    beside: await Promise.all(beside.map((key) => client.pttl(key))),
  };
}

/** What time does in the end: the record goes first, the checkpoints after it. */
async function forget(run: string, stream: string, lanes = 2): Promise<void> {
  await client.del(runKey(run));
  for (let lane = 0; lane < lanes; lane += 1) await client.del(streamKeys(stream).checkpoint(run, lane));
}

describe.concurrent('a run that has ended', () => {
  test('is kept for a week by default, its checkpoints for longer than its record', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('ttl')];
    const { report } = await drain(caseOf(table, stream));
    const { record, beside } = await timesLeft(report.run, stream);
    expect(record).toBeGreaterThan(WEEK - 60_000);
    expect(record).toBeLessThanOrEqual(WEEK);
    for (const left of beside) expect(left).toBeGreaterThan(record + 60_000);
    const listed = (await listRuns(redis, 100)).find(({ run }) => run === report.run);
    expect(Date.parse(listed!.expiresAt!) - Date.parse(listed!.lastSeenAt!)).toBeGreaterThan(WEEK - 60_000);
  });

  test('is kept for good where that is asked for', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('never')];
    const { report } = await drain(caseOf(table, stream, { checkpointTtlMs: Number.POSITIVE_INFINITY }));
    expect(await timesLeft(report.run, stream)).toEqual({ record: -1, beside: [-1, -1] });
  });

  test('in the middle is kept as long, and for good from the moment on that somebody continues it', async () => {
    const [table, stream] = [await jobs.tableOf(300), uniqueName('mid')];
    const { report } = await drain(caseOf(table, stream, { limit: 5, batch: 5, checkpointTtlMs: DAY }));
    expect((await timesLeft(report.run, stream)).record).toBeLessThanOrEqual(DAY);
    const again = await running(caseOf(table, stream, { ratePerSecond: 50, batch: 5 }));
    await again.until('at work', ({ read }) => read > 0);
    expect(await timesLeft(again.run, stream)).toEqual({ record: -1, beside: [-1, -1] });
    expect((await runStatus(redis, again.run)).expiresAt).toBeNull();
    again.interrupt();
    const { run } = await again.report;
    expect((await timesLeft(run, stream)).record).toBeGreaterThan(WEEK - 60_000);
  });

  test('and is still worked on by another process does not expire', async () => {
    const [table, stream] = [await jobs.tableOf(500), uniqueName('both')];
    const test = caseOf(table, stream, { ratePerSecond: 50, batch: 5 });
    const drains = [await running(test), await running(test, 2)];
    await drains[1]!.until('at work', ({ read }) => read > 0);
    drains[0]!.interrupt();
    const { run } = await drains[0]!.report;
    expect(await timesLeft(run, stream)).toEqual({ record: -1, beside: [-1, -1] });
    drains[1]!.interrupt();
    await drains[1]!.report;
    expect((await timesLeft(run, stream)).record).toBeGreaterThan(0);
  });

  test('with messages open never expires', async () => {
    const sqs = sharedSqs();
    const [queueUrl, stream] = [await sqs.createQueue(uniqueName('q')), uniqueName('open')];
    await sqs.send(queueUrl, ['one', 'two']);
    const proxy = await sqsFaultProxy(sqs.endpoint, { deleteFailureRate: 1 });
    const { report } = await drain({
      queueUrl,
      endpoint: proxy.endpoint,
      target: { stream },
      settings: { limit: 2, visibilityMs: 3000 },
    });
    await proxy.stop();
    expect(report).toMatchObject({ open: 2 });
    expect(await timesLeft(report.run, stream, 0)).toEqual({ record: -1, beside: [-1] });
    expect(await client.pttl(streamKeys(stream).ledger(report.run))).toBe(-1);
    const done = await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream } });
    expect(done.report).toMatchObject({ run: report.run, state: 'done', open: 0 });
    expect((await timesLeft(report.run, stream, 0)).record).toBeGreaterThan(0);
    expect(await entriesOf(stream)).toHaveLength(2);
  });

  test('of a queue is kept for as long as SQS may deliver again what it knows', async () => {
    const sqs = sharedSqs();
    const [queueUrl, stream] = [await sqs.createQueue(uniqueName('q')), uniqueName('window')];
    await sqs.send(queueUrl, ['one']);
    const settings = { checkpointTtlMs: 60_000, windowMs: DAY };
    const { report } = await drain({ queueUrl, endpoint: sqs.endpoint, target: { stream }, settings });
    expect((await timesLeft(report.run, stream, 0)).record).toBeGreaterThan(DAY);
  });
});

describe.concurrent('once a run has been forgotten', () => {
  test('a move begins anew, and the list passes over the name and then forgets it too', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('anew')];
    const first = await drain(caseOf(table, stream));
    await forget(first.report.run, stream);
    await jobs.insert(table, 3);
    expect((await listRuns(redis, 1000)).map(({ run }) => run)).not.toContain(first.report.run);
    // A name without a record may be one that is just being made: only an old one goes.
    expect(await client.zscore('qctl:runs', first.report.run)).not.toBeNull();
    await client.zadd('qctl:runs', Date.now() - 2 * DAY, first.report.run);
    const second = await drain(caseOf(table, stream));
    expect(second.plan.kind).toBe('new');
    expect(second.report).toMatchObject({ converged: true, appended: 3 });
    expect(await client.zscore('qctl:runs', first.report.run)).toBeNull();
  });

  test('a copy is refused, because it would double the stream, but for --fresh', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('copied')];
    const copy = caseOf(table, stream, { workers: 1 }, { mode: 'copy' });
    const { report } = await drain(copy);
    await forget(report.run, stream, 1);
    const failure = await failureOf(drain(copy));
    expect(failure).toMatchObject({
      kind: 'refused',
      code: 'COPY_CHECKPOINT_EXPIRED',
      details: { run: report.run },
    });
    expect(await entriesOf(stream)).toHaveLength(5);
    const other = { ...copy, target: { stream: uniqueName('other') }, settings: { workers: 1, fresh: true } };
    expect((await drain(other)).report).toMatchObject({ appended: 5, converged: true });
  });

  test('a copy that was killed before it had begun is not taken for one', async () => {
    const [table, stream] = [await jobs.tableOf(5), uniqueName('early')];
    const copy = caseOf(table, stream, { workers: 1 }, { mode: 'copy' });
    const [{ name }] = (await jobs.sql<{ name: string }>('SELECT current_database() AS name')) as [
      { name: string },
    ];
    await client.hset(lockKey(`drain:postgres:${name}/public.${table}`), {
      holder: 'killed-before',
      fence: '1',
    });
    expect((await plan(copy)).kind).toBe('new');
    expect((await drain(copy)).report).toMatchObject({ appended: 5, converged: true });
  });
});
