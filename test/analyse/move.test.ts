import { setTimeout } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { drain } from '../drain/driver.ts';
import { startRedis, type TestRedis } from '../support/redis.ts';
import { sharedPostgres, sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { analysed, type Case, found } from './driver.ts';
import { misbehaving, queueOf } from './sqs-queue.ts';

let server: TestRedis;
let redis: Redis;
let database: string;

beforeAll(async () => {
  server = await startRedis();
  redis = new Redis(server.url);
  database = await sharedPostgres().createDatabase();
});
afterAll(async () => {
  redis.disconnect();
  await server.stop();
});

const sql = (text: string) => sharedPostgres().query(text, [], database.slice(database.lastIndexOf('/') + 1));

/** A table of so many rows whose body, agent and type are SQL over `n`. */
async function tableOf(rows: number, body: string, agent = `'a' || n % 50`): Promise<string> {
  const table = uniqueName('t').replaceAll('-', '_');
  await sql(
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, agent text, payload text NOT NULL);
     INSERT INTO ${table} SELECT n, ${agent}, ${body} FROM generate_series(1, ${rows}) n; ANALYZE ${table}`,
  );
  return table;
}

const caseOf = (table: string, more: Partial<Case> = {}, spec: object = {}): Case => ({
  postgres: { url: database, spec: { table, ...spec } },
  redisUrl: server.url,
  target: { stream: uniqueName('s') },
  ...more,
});

const memory = async (): Promise<number> => Number(/used_memory:(\d+)/.exec(await redis.info('memory'))![1]);

describe('memory', () => {
  test.each([
    ['small', 20_000, `'{"alert":' || n || '}'`],
    ['large', 400, `repeat(md5(n::text), 1250)`],
    [
      'skewed',
      6000,
      `CASE WHEN n % 100 = 0 THEN repeat('x', 20000) WHEN n % 10 = 0 THEN repeat('y', 2000) ELSE 'z' || n END`,
    ],
  ])('of %s bodies is foretold within 15 %', async (_, rows, body) => {
    const table = await tableOf(rows, body);
    const given = caseOf(table);
    const { forecast } = (await analysed(given)).moves[0]!;
    // The first drain of a server also loads its scripts.
    const first = await tableOf(1, `'x'`);
    await drain({ ...drainOf(caseOf(first)), target: { stream: uniqueName('first') } });
    const before = await memory();
    await drain(drainOf(given));
    const real = (await memory()) - before;
    expect(forecast!.memory!.totalBytes / real).toBeGreaterThan(0.85);
    expect(forecast!.memory!.totalBytes / real).toBeLessThan(1.15);
  });

  const drainOf = ({ postgres, target, redisUrl }: Case) => ({
    spec: postgres!.spec,
    database,
    redisUrl,
    target: target!,
  });

  test('of SQS messages counts what is remembered of each, too', async () => {
    const texts = Array.from({ length: 1500 }, (_, i) => `{"order":${i},"text":"${'x'.repeat(400)}"}`);
    const queue = await queueOf(texts);
    // The first drain of a server also loads its scripts.
    const first = await queueOf(['first']);
    await drain({ ...first.of().sqs, redisUrl: server.url, target: { stream: uniqueName('first') } });
    const given = { ...queue.of(), redisUrl: server.url, target: { stream: uniqueName('s') }, sample: 50 };
    const { forecast } = (await analysed(given)).moves[0]!;
    const before = await memory();
    await drain({ ...queue.of().sqs, redisUrl: server.url, target: given.target });
    const real = (await memory()) - before;
    expect(forecast!.memory!.totalBytes / real).toBeGreaterThan(0.85);
    expect(forecast!.memory!.totalBytes / real).toBeLessThan(1.15);
    expect(forecast!.calls).toEqual({ receive: 150, delete: 150, billed: 300 });
  });

  test('MEMORY: a backlog that does not fit is told with the setting that makes it fit', async () => {
    const given = caseOf(await tableOf(2000, `repeat('x', 3000)`));
    await redis.config('SET', 'maxmemory', String((await memory()) + 1_000_000));
    const [finding] = await found(given, 'MEMORY');
    expect(finding).toMatchObject({ level: 'warning', about: 'test' });
    const [, wanted] = /CONFIG SET maxmemory (\d+mb)/.exec(finding!.remedy!)!;
    await redis.config('SET', 'maxmemory', wanted!);
    expect(await found(given, 'MEMORY')).toEqual([]);
    await redis.config('SET', 'maxmemory', '0');
  });
});

describe('order', () => {
  test('NO_KEY: partitions without a key are told, and no more with one', async () => {
    const table = await tableOf(300, `'x'`);
    const parted = { target: { stream: uniqueName('s'), partitions: 4 } };
    expect(await found(caseOf(table, parted), 'NO_KEY')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('--key') },
    ]);
    expect(await found(caseOf(table, parted, { key: 'agent' }), 'NO_KEY')).toEqual([]);
    expect(await found(caseOf(table), 'NO_KEY')).toEqual([]);
  });

  test('HOT_KEY: a key that most messages have is named; a finer one spreads them', async () => {
    const table = await tableOf(300, `'x'`, `CASE WHEN n % 4 > 0 THEN 'agent-7' ELSE 'a' || n END`);
    const parted = { target: { stream: uniqueName('s'), partitions: 4 } };
    const [finding] = await found(caseOf(table, parted, { key: 'agent' }), 'HOT_KEY');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringMatching(/key agent-7 has 75 %/) });
    const finer = { key: `agent || '/' || id % 10` };
    expect(await found(caseOf(table, parted, finer), 'HOT_KEY')).toEqual([]);
    const { order } = (await analysed(caseOf(table, parted, finer))).moves[0]!;
    expect(order).toMatchObject({ sampled: 300, keyed: 300, partitions: 4 });
    expect(order!.fullestShare).toBeLessThan(0.5);
  });
});

describe('time', () => {
  test('RETENTION_BEFORE_END: a queue that deletes before the drain ends, until the retention is raised', async () => {
    const slow = await misbehaving({ latencyMs: 150 });
    const queue = await queueOf(
      Array.from({ length: 1200 }, (_, i) => `m${i}`),
      { attributes: { MessageRetentionPeriod: '60' } },
    );
    const given = (receivers: number): Case => ({
      ...queue.of(slow.endpoint),
      redisUrl: sharedRedisUrl(),
      target: { stream: uniqueName('s') },
      settings: { receivers: { min: 1, max: receivers } },
    });
    const [finding] = await found(given(1), 'RETENTION_BEFORE_END');
    expect(finding).toMatchObject({
      level: 'blocker',
      remedy: expect.stringContaining(queue.queueUrl.slice(-10)),
    });
    // Faster, or longer.
    expect(await found(given(16), 'RETENTION_BEFORE_END')).toEqual([]);
    await queue.set({ MessageRetentionPeriod: '1209600' });
    expect(await found(given(1), 'RETENTION_BEFORE_END')).toEqual([]);
  });

  test('NEVER_EMPTY: more arrives than is drained, until there are receivers enough', async () => {
    const slow = await misbehaving({ latencyMs: 200 });
    const queue = await queueOf(['first']);
    const given = (receivers: number): Case => ({
      ...queue.of(slow.endpoint),
      redisUrl: sharedRedisUrl(),
      target: { stream: uniqueName('s') },
      settings: { receivers: { min: 1, max: receivers } },
      observeMs: 700,
    });
    const whileSending = async (receivers: number) => {
      const ended = new AbortController();
      const sending = (async () => {
        while (!ended.signal.aborted) {
          await queue.send(Array.from({ length: 20 }, () => 'more'));
          await setTimeout(50);
        }
      })();
      const findings = await found(given(receivers), 'NEVER_EMPTY');
      ended.abort();
      await sending;
      return findings;
    };
    expect(await whileSending(1)).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('--receivers') },
    ]);
    expect(await whileSending(500)).toEqual([]);
  });

  test('is foretold for a table, with what holds it back', async () => {
    const { forecast } = (await analysed(caseOf(await tableOf(5000, `repeat('x', 300)`)))).moves[0]!;
    expect(forecast!.pace!.perSecond).toBeGreaterThan(100);
    expect(['source', 'target']).toContain(forecast!.pace!.bottleneck);
    expect(forecast!.durationMs).toBeGreaterThan(0);
  });

  test('is foretold by sampled rows where no index leads to the ready ones of a large table', async () => {
    const table = await tableOf(
      40_000,
      `repeat('x', 900)`,
      `CASE WHEN n > 39000 THEN 'ready' ELSE 'done' END`,
    );
    const { findings, moves } = await analysed(caseOf(table, {}, { ready: `agent = 'ready'` }));
    expect(findings.map(({ code }) => code)).toContain('NO_INDEX_FOR_READY');
    expect(moves[0]!.forecast!.pace!.perSecond).toBeGreaterThan(100);
  });

  test('is measured without a trace in Redis', async () => {
    await redis.flushall();
    await analysed(caseOf(await tableOf(500, `'x'`)));
    expect(await redis.dbsize()).toBe(0);
  });

  test('is unknown where there is nothing to read, and 0 messages take no memory', async () => {
    const { forecast } = (await analysed(caseOf(await tableOf(0, `'x'`)))).moves[0]!;
    expect(forecast).toMatchObject({ messages: 0, memory: null, pace: null, durationMs: null });
  });
});
