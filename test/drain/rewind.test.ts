import { ReceiveMessageCommand } from '@aws-sdk/client-sqs';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { partitionKeys } from '../../src/model/keys.ts';
import { withClaimColumn } from '../../src/sources/postgres/claim-column.ts';
import type { PostgresSpec } from '../../src/sources/postgres/spec.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { Rewind } from '../support/rewind.ts';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy } from '../support/sqs.ts';
import { waitFor } from '../support/wait.ts';
import { type DrainCase, drain, entriesOf, failureOf, ownDatabase } from './driver.ts';

/* A failover to a replica that lagged, as a partition of the target sees it: it stands where it stood before. */

let redis: TestRedis;
let client: Redis;
beforeAll(async () => {
  redis = await startRedis();
  client = new Redis(redis.url);
});
afterAll(async () => {
  client.disconnect();
  await redis.stop();
});

const ROWS = 8000;

async function rig(
  partitions: number,
  settings: DrainCase['settings'],
  spec: Partial<DrainCase['spec']> = {},
) {
  const { url, sql } = await ownDatabase();
  await sql(`CREATE TABLE jobs (id int PRIMARY KEY, agent text, payload text)`);
  await sql(`INSERT INTO jobs SELECT g, 'a' || g % 61, 'body ' || g FROM generate_series(1, ${ROWS}) g`);
  const stream = uniqueName('jobs');
  const test: DrainCase = {
    spec: { table: 'jobs', key: 'agent', ...spec },
    database: url,
    redisUrl: redis.url,
    target: { stream, partitions },
    settings,
  };
  const keys = partitionKeys(stream, partitions);
  const length = async () =>
    (await Promise.all(keys.map((key) => client.xlen(key)))).reduce((a, b) => a + b, 0);
  const reached = (count: number) =>
    waitFor(async () => (await length()) >= count, {
      what: `${count} entries`,
      everyMs: 1,
      timeoutMs: 20_000,
    });
  const rewind = (partition: number) => new Rewind(client, stream, partitions, partition);
  const left = async () => (await sql<{ id: number }>('SELECT id FROM jobs')).map(({ id }) => id);
  const standing = async () => {
    const parts = await Promise.all(keys.map((key) => entriesOf(key, redis.url)));
    return parts.flatMap((entries, partition) =>
      entries.map((entry) => ({ id: Number(entry.text('id')), key: entry.text('key') ?? `${partition}` })),
    );
  };
  return { test, stream, reached, rewind, left, standing, sql };
}

function expectOnceAndInOrder(standing: { id: number; key: string }[], count: number): void {
  expect(new Set(standing.map(({ id }) => id)).size).toBe(standing.length);
  expect(standing).toHaveLength(count);
  const last = new Map<string, number>();
  for (const { id, key } of standing) {
    expect(id).toBeGreaterThan(last.get(key) ?? 0);
    last.set(key, id);
  }
}

describe('a move whose target goes back behind what it had confirmed', () => {
  test.each([
    [1, [0]],
    [4, [0, 1, 3]],
  ])('appends again what the source still has: %d partitions, of them %j', async (partitions, back) => {
    const settings = { batch: 500, workers: 1 };
    const { test, reached, rewind, left, standing, sql } = await rig(partitions, settings, {
      key: undefined,
    });
    // Rows trickle, so that a unit of 5,000 is open for a while.
    await sql(`CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS
      $$ BEGIN IF old.id % 50 = 0 THEN PERFORM pg_sleep(0.005); END IF; RETURN old; END $$`);
    await sql('CREATE TRIGGER slow BEFORE DELETE ON jobs FOR EACH ROW EXECUTE FUNCTION slow()');
    const work = drain(test);
    await reached(1500);
    const before = await Promise.all(back.map((partition) => rewind(partition).take()));
    await reached(3000);
    for (const [i, partition] of back.entries()) await rewind(partition).putBack(before[i]!);
    const { report, notes } = await work;
    expect(report.problems).toEqual([]);
    expect(report.converged).toBe(true);
    expect(report.reappended).toBeGreaterThan(0);
    expect(notes.join('\n')).toMatch(/the target had confirmed were lost there.*appended again/);
    expect(notes.join('\n')).not.toContain('another consumer');
    expectOnceAndInOrder(await standing(), ROWS);
    expect(await left()).toEqual([]);
  });

  test.each([
    [1, [0]],
    [4, [0, 2]],
  ])(
    'appends again what it has claimed and not let go of: %d partitions, of them %j',
    async (partitions, back) => {
      const { claim, ready } = withClaimColumn({} as PostgresSpec, 'taken_by');
      const { test, reached, rewind, left, standing, sql } = await rig(
        partitions,
        { batch: 500, workers: 1 },
        {
          key: undefined,
          claim,
          ready,
          // Rows are read slowly, so that a unit of 5,000 is open for a while.
          payload: `payload || CASE WHEN id % 50 = 0 THEN pg_sleep(0.005)::text ELSE '' END`,
        },
      );
      await sql('ALTER TABLE jobs ADD COLUMN taken_by text');
      const work = drain(test);
      await reached(1500);
      const before = await Promise.all(back.map((partition) => rewind(partition).take()));
      await reached(3000);
      for (const [i, partition] of back.entries()) await rewind(partition).putBack(before[i]!);
      const { report, notes } = await work;
      expect(report).toMatchObject({ problems: [], converged: true });
      expect(report.reappended).toBeGreaterThan(0);
      expect(notes.join('\n')).toMatch(/the target had confirmed were lost there.*appended again/);
      expect(notes.join('\n')).not.toContain('another consumer');
      expectOnceAndInOrder(await standing(), ROWS);
      expect(await left()).toEqual([]);
    },
  );

  test.each([1, 4])(
    'ends with the ids of what the source had let go of: %d partitions',
    async (partitions) => {
      const { test, reached, rewind, left, standing } = await rig(partitions, {
        batch: 50,
        ratePerSecond: 8000,
      });
      const work = failureOf(drain(test));
      await reached(1000);
      const partition = partitions - 1;
      const before = await rewind(partition).take();
      await waitFor(async () => (await left()).length < ROWS - 2500, { what: 'rows settled', everyMs: 2 });
      await rewind(partition).putBack(before);
      const error = await work;
      expect(error).toMatchObject({ kind: 'target', code: 'TARGET_LOST_DATA' });
      const here = new Set([...(await standing()).map(({ id }) => id), ...(await left())]);
      const lost = Array.from({ length: ROWS }, (_, i) => i + 1).filter((id) => !here.has(id));
      expect(lost.length).toBeGreaterThan(0);
      expect(error.details).toMatchObject({ lost: lost.length, stream: test.target.stream });
      const named = error.details.ids as string[];
      expect(named).toHaveLength(Math.min(100, lost.length));
      expect(named.map(Number).filter((id) => here.has(id))).toEqual([]);
      expect(error.message).toContain(`${lost.length} messages`);
      expect(error.hint.join('\n')).toContain('--durability wait:N');
    },
  );
});

test('a move whose target goes back at any moment, again and again, loses nothing without naming it', async () => {
  const settings = { batch: 40, workers: 3, ratePerSecond: 6000 };
  const { test, reached, rewind, left, standing } = await rig(3, settings);
  let ended = false;
  const work = drain(test)
    .then(({ report }) => ({ report, lost: 0 }))
    .catch(({ code, details }) => {
      if (code === 'TARGET_LOST_DATA') return { report: undefined, lost: details.lost as number };
      throw new Error(`unexpected ${code}`);
    })
    .finally(() => {
      ended = true;
    });
  await reached(300);
  for (let round = 0; !ended && round < 8; round += 1) {
    const back = [rewind(round % 3), rewind((round + 1) % 3)];
    const before = await Promise.all(back.map((one) => one.take()));
    await new Promise((resolve) => setTimeout(resolve, Math.random() * 6));
    for (const [i, one] of back.entries()) if (!ended) await one.putBack(before[i]!);
    await new Promise((resolve) => setTimeout(resolve, 50 + Math.random() * 150));
  }
  const { lost } = await work;
  const entries = await standing();
  const here = new Set([...entries.map(({ id }) => id), ...(await left())]);
  expect(ROWS - here.size).toBe(lost);
  expectOnceAndInOrder(entries, entries.length);
});

describe('a copy whose target goes back behind what it had confirmed', () => {
  test.each([
    ['one stream', 1, [[0]]],
    ['some of 6 partitions, one after another', 6, [[0, 1], [3], [1, 4]]],
  ])('copies once more what is missing and nothing else: %s', async (_, partitions, rounds) => {
    const { test, reached, rewind, standing } = await rig(
      partitions,
      { batch: 100, workers: 1, ratePerSecond: 12_000 },
      { mode: 'copy' },
    );
    const work = drain(test);
    for (const [round, back] of rounds.entries()) {
      await reached(500 + round * 2000);
      const before = await Promise.all(back.map((partition) => rewind(partition).take()));
      await reached(1500 + round * 2000);
      for (const [i, partition] of back.entries()) await rewind(partition).putBack(before[i]!);
    }
    const { report } = await work;
    expect(report.problems).toEqual([]);
    expect(report.reappended).toBeGreaterThan(0);
    expectOnceAndInOrder(await standing(), ROWS);
  });
});

describe('a drain of a queue whose target goes back behind what it had confirmed', () => {
  async function queue(messages: number) {
    const sqs = sharedSqs();
    const url = await sqs.createQueue(uniqueName('hooks'));
    const ids = await sqs.send(
      url,
      Array.from({ length: messages }, (_, n) => ({ body: `hook ${n}` })),
    );
    const stream = uniqueName('hooks');
    const rewind = new Rewind(client, stream);
    const standing = async () => (await entriesOf(stream, redis.url)).map((entry) => entry.text('id')!);
    const left = async () => (await sqs.depth(url)).total;
    const waiting = async () => {
      const found: string[] = [];
      for (;;) {
        const { Messages = [] } = await sqs.client.send(
          new ReceiveMessageCommand({ QueueUrl: url, MaxNumberOfMessages: 10 }),
        );
        found.push(...Messages.map((message) => message.MessageId!));
        if (Messages.length === 0) return found;
      }
    };
    return { sqs, url, ids, stream, rewind, standing, left, waiting };
  }

  test('appends again what was lost between append and delete', async () => {
    const { sqs, url, ids, stream, rewind, standing, left } = await queue(60);
    const proxy = await sqsFaultProxy(sqs.endpoint, {});
    const settings = { workers: 1 };
    const work = drain({
      queueUrl: url,
      endpoint: proxy.endpoint,
      target: { stream },
      settings,
      redisUrl: redis.url,
    });
    // A delete takes long enough for a failover between it and the append before it.
    proxy.set({ latencyMs: 150 });
    for (let round = 0; round < 2; round += 1) {
      let before = await rewind.take();
      const length = await client.xlen(stream);
      await waitFor(
        async () => {
          const next = await rewind.take();
          if ((await client.xlen(stream)) > length) return true;
          before = next;
          return false;
        },
        { what: 'one more append', everyMs: 2, timeoutMs: 20_000 },
      );
      await rewind.putBack(before);
      await waitFor(async () => (await client.xlen(stream)) > length, { what: 'the same append again' });
    }
    proxy.set({ latencyMs: 0 });
    const { report, notes } = await work;
    expect(report).toMatchObject({ converged: true, problems: [], reappended: 20, appended: 60 });
    expect(notes.filter((note) => /10 messages .* lost there.*appended again/.test(note))).toHaveLength(2);
    expect((await standing()).sort()).toEqual([...ids].sort());
    expect(await left()).toBe(0);
    await proxy.stop();
  });

  test('ends with the ids of what the queue had deleted', async () => {
    const { sqs, url, ids, stream, rewind, standing, waiting } = await queue(600);
    const settings = { workers: 4, ratePerSecond: 600 };
    const target = { stream };
    const work = failureOf(
      drain({ queueUrl: url, endpoint: sqs.endpoint, target, settings, redisUrl: redis.url }),
    );
    await waitFor(async () => (await client.xlen(stream)) >= 100, { what: '100 entries', everyMs: 2 });
    const before = await rewind.take();
    await waitFor(async () => (await client.xlen(stream)) >= 170, { what: '170 entries', everyMs: 2 });
    await rewind.putBack(before);
    const error = await work;
    expect(error).toMatchObject({ kind: 'target', code: 'TARGET_LOST_DATA' });
    // A long poll that was given up takes its messages along; they come back by themselves.
    const { inFlight } = await sqs.depth(url);
    const here = new Set([...(await standing()), ...(await waiting())]);
    expect(error.details.lost).toBeGreaterThan(0);
    expect(error.details.lost).toBe(ids.filter((id) => !here.has(id)).length - inFlight);
    const named = error.details.ids as string[];
    expect(named).toHaveLength(Math.min(100, error.details.lost as number));
    expect(named.filter((id) => here.has(id) || !ids.includes(id))).toEqual([]);
    expect(new Set(await standing()).size).toBe((await standing()).length);
  });
});

test('a run whose record and lock were lost, and nothing else, writes them again and goes on', async () => {
  const { test, stream, reached, left, standing, sql } = await rig(1, { batch: 50, ratePerSecond: 4000 });
  const work = drain(test);
  await reached(1000);
  const [run] = await client
    .keys(`qctl:run:jobs-*`)
    .then((keys) =>
      Promise.all(
        keys.map(async (key) => ((await client.hget(key, 'manifest'))!.includes(stream) ? [key] : [])),
      ),
    )
    .then((found) => found.flat());
  const [lock] = await client
    .keys('qctl:lock:*')
    .then((keys) =>
      Promise.all(
        keys.map(async (key) => ((await client.hget(key, 'holder')) === run!.slice(9) ? [key] : [])),
      ),
    )
    .then((found) => found.flat());
  await client.del(run!, lock!);
  await waitFor(() => client.exists(run!, lock!).then((count) => count === 2), { what: 'record and lock' });
  await client.zrem('qctl:runs', run!.slice(9));
  const { report } = await work;
  expect(report).toMatchObject({ converged: true, state: 'done', appended: ROWS });
  expect(Number(await client.hget(run!, 'fence'))).toBeGreaterThanOrEqual(2);
  expectOnceAndInOrder(await standing(), ROWS);
  expect(await left()).toEqual([]);
  expect(await sql('SELECT 1 FROM jobs')).toEqual([]);
});
