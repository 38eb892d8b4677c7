import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { runStatus, verifyRun } from '../../src/drain/index.ts';
import type { Manifest } from '../../src/drain/manifest.ts';
import { messagesOfRun } from '../../src/drain/presence.ts';
import { addSums, addToDigest, EMPTY_DIGEST } from '../../src/drain/stream-scan.ts';
import { DELAYED_INDEX, partitionKeys, streamKeys } from '../../src/model/keys.ts';
import { partitionFor } from '../../src/sinks/index.ts';
import { DueMover, moveAllDue } from '../../src/streams/index.ts';
import { QUIET } from '../../src/streams/work.ts';
import { putAside } from '../support/delayed.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';
import {
  type DrainCase,
  drain,
  entriesOf,
  failureOf,
  ownDatabase,
  partitionedEntries,
  plan,
} from './driver.ts';

let redis: Redis;
let database: Awaited<ReturnType<typeof ownDatabase>>;
beforeAll(async () => {
  redis = new Redis(sharedRedisUrl());
  database = await ownDatabase();
});
afterAll(() => redis.disconnect());

/** A table whose rows are due at these times, each an SQL expression. */
async function jobs(rows: readonly (readonly [id: number, due: string])[], type = 'timestamptz') {
  const table = uniqueName('jobs').replaceAll('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, agent text, payload bytea, run_at ${type})`,
  );
  for (const [id, due] of rows)
    await database.sql(
      `INSERT INTO ${table} VALUES (${id}, 'a' || ${id} % 3, '\\x00ff' || ${id}::text::bytea, ${due})`,
    );
  return table;
}

const caseOf = (table: string, more: Partial<DrainCase> = {}): DrainCase => ({
  spec: { table, notBefore: 'run_at', ...more.spec },
  database: database.url,
  ...more,
  target: { stream: table, ...more.target },
});

/** Waits until so many wait, and makes their time come, in their order. */
async function untilDue(stream: string, count: number): Promise<void> {
  const { delayed } = streamKeys(stream);
  await waitFor(async () => (await redis.zcard(delayed)) === count, { what: 'all put aside' });
  const members = await redis.zrange(delayed, '0', '-1');
  for (const [i, member] of members.entries()) await redis.zadd(delayed, 'XX', i + 1, member);
}

const idsIn = async (stream: string): Promise<(string | undefined)[]> =>
  (await entriesOf(stream)).map((entry) => entry.text('id'));

describe('a row that is not due yet', () => {
  test('waits beside the stream with all its bytes, and its row is settled', async () => {
    const table = await jobs([
      [1, "now() - interval '1 minute'"],
      [2, "'2999-01-01T00:00:00Z'"],
      [3, 'NULL'],
      [4, "'2999-01-01T01:00:00Z'"],
    ]);
    const { report, plan: planned } = await drain(caseOf(table, { settings: { workers: 1 } }));
    expect(planned.findings.map(({ code }) => code)).toContain('SCHEDULED_MESSAGES');
    expect(report).toMatchObject({
      appended: 2,
      scheduled: 2,
      waiting: 2,
      settled: 4,
      read: 4,
      entries: 2,
      gone: 0,
    });
    expect(report).toMatchObject({ converged: true, state: 'done', problems: [] });
    expect(report.notes.join()).toContain('2 messages wait until they are due');
    expect(report).toMatchObject({
      nextDueAt: '2999-01-01T00:00:00.000Z',
      lastDueAt: '2999-01-01T01:00:00.000Z',
    });
    expect(await idsIn(table)).toEqual(['1', '3']);
    expect(await database.sql(`SELECT * FROM ${table}`)).toEqual([]);
    expect(await redis.zscore(DELAYED_INDEX, table)).not.toBeNull();
    const connection = await connectRedis({ url: sharedRedisUrl() });
    const status = await runStatus(connection, report.run).finally(() => connection.close());
    expect(status).toMatchObject({
      read: 4,
      appended: 2,
      scheduled: 2,
      waiting: 2,
      nextDueAt: report.nextDueAt,
    });
    const { delayed, delayedEntries } = streamKeys(table);
    const [first] = await redis.zrange(delayed, '0', '0');
    expect(first).toBe(`${'1'.padStart(16, '0')}:${report.run}:2`);
    const packed = await redis.hgetBuffer(delayedEntries, first!);
    expect(packed!.includes(Buffer.from([0, 0xff, 0x32]))).toBe(true);
  });

  test('comes into the stream while the drain is at work, once it is due, as it would have been appended', async () => {
    const table = await jobs([
      [1, "'2999-01-01T01:00:00Z'"],
      [2, "'2999-01-01T00:00:00Z'"],
    ]);
    const stop = new AbortController();
    const running = drain(
      caseOf(table, { settings: { until: new Date(Date.now() + 60_000) }, signal: stop.signal }),
    );
    await untilDue(table, 2);
    await waitFor(async () => (await redis.xlen(table)) === 2, { what: 'both in the stream' });
    const entries = await entriesOf(table);
    stop.abort();
    const { report } = await running;
    expect(entries.map((entry) => entry.text('id'))).toEqual(['2', '1']);
    expect(entries[0]!.fields.map(([name]) => name)).toEqual(['id', 'body', 'notBefore', 'source', 'run']);
    expect(entries[0]!.get('body')).toEqual(Buffer.from([0, 0xff, 0x32]));
    expect(report).toMatchObject({ appended: 0, scheduled: 2, waiting: 0, settled: 2, nextDueAt: null });
  });

  test('whose time is no time is appended as it is', async () => {
    const table = await jobs(
      [
        [1, "'tomorrow'"],
        [2, "'infinity'"],
      ],
      'text',
    );
    const { report } = await drain(caseOf(table));
    expect(report).toMatchObject({ appended: 2, scheduled: 0, converged: true });
  });

  test('of text that says a time waits, too, and is counted in the plan', async () => {
    const table = await jobs(
      [
        [1, "'2999-01-01 00:00:00+02'"],
        [2, "'2001-01-01'"],
      ],
      'text',
    );
    const refusing = caseOf(table, { settings: { refuseScheduled: true } });
    expect((await plan(refusing)).findings).toContainEqual(expect.objectContaining({ level: 'blocker' }));
    const { report } = await drain(caseOf(table));
    expect(report).toMatchObject({ appended: 1, scheduled: 1, nextDueAt: '2998-12-31T22:00:00.000Z' });
  });

  test('is refused with the count where the operator says so, and nothing has changed', async () => {
    const table = await jobs(
      [1, 2, 3].map((id) => [id, "now() + interval '1 hour'"] as const),
      'timestamp',
    );
    const refusal = await failureOf(drain(caseOf(table, { settings: { refuseScheduled: true } })));
    expect(refusal).toMatchObject({ kind: 'refused', code: 'SCHEDULED_MESSAGES' });
    expect(refusal.message).toContain('3 messages of the source are scheduled for later');
    expect(await database.sql(`SELECT count(*)::int AS n FROM ${table}`)).toEqual([{ n: 3 }]);
  });

  test('in a shape of its own waits in that shape', async () => {
    const table = await jobs([[7, "'2999-01-01T00:00:00Z'"]]);
    const stop = new AbortController();
    const target = { stream: table, fields: { number: 'id' } };
    const settings = { until: new Date(Date.now() + 60_000) };
    const running = drain(caseOf(table, { target, settings, signal: stop.signal }));
    await untilDue(table, 1);
    await waitFor(async () => (await redis.xlen(table)) === 1, { what: 'it in the stream' });
    stop.abort();
    expect((await running).report).toMatchObject({ scheduled: 1, waiting: 0 });
    expect((await entriesOf(table))[0]!.fields.map(([name, value]) => [name, value.toString()])).toEqual([
      ['number', '7'],
    ]);
  });
});

describe('the proof', () => {
  test.each([1, 3])('of a copy counts what waits, over %d partitions', async (partitions) => {
    const rows = Array.from(
      { length: 30 },
      (_, id) => [id + 1, id % 2 ? 'NULL' : "now() + interval '1 hour'"] as const,
    );
    const table = await jobs(rows);
    const spec = { table, notBefore: 'run_at', key: 'agent', mode: 'copy' as const };
    const copying = caseOf(table, { spec, target: { stream: table, partitions }, settings: { workers: 1 } });
    const { report } = await drain(copying);
    expect(report).toMatchObject({ converged: true, appended: 15, scheduled: 15, waiting: 15, remaining: 0 });
    expect(report.digest).toMatchObject({ equal: true });
    expect(await partitionedEntries(table, partitions)).toHaveLength(15);
    // Again: it goes on from where it stood, and finds the same.
    expect((await drain(copying)).report).toMatchObject({ converged: true, appended: 15, scheduled: 15 });
    const holding = new Set<number>();
    // With the others of their key, so that its order holds as far as it can.
    for (const [partition, key] of partitionKeys(table, partitions).entries())
      for (const member of await redis.zrange(streamKeys(key).delayed, '0', '-1')) {
        const id = member.split(':')[2]!;
        holding.add(partition);
        expect(partitionFor(id, Buffer.from(`a${Number(id) % 3}`), partitions)).toBe(partition);
      }
    const [stream] = partitionKeys(table, partitions).filter((_, p) => holding.has(p));
    const [member] = await redis.zrange(streamKeys(stream!).delayed, '0', '0');
    await redis.zrem(streamKeys(stream!).delayed, member!);
    const broken = (await drain(copying)).report;
    expect(broken).toMatchObject({ converged: false, digest: { equal: false } });
    expect(broken.differing.missing).toEqual([member!.split(':')[2]]);
  });

  test('of a move notices one that was deleted while it waited, and one that also stands in the stream', async () => {
    const table = await jobs([1, 2, 3].map((id) => [id, "now() + interval '1 hour'"] as const));
    const { report } = await drain(caseOf(table));
    expect(report.converged).toBe(true);
    const { delayed } = streamKeys(table);
    const [first] = await redis.zrange(delayed, '0', '0');
    await redis.zrem(delayed, first!);
    await redis.xadd(table, '*', 'id', '2', 'body', 'again', 'run', report.run);
    await redis.hset(
      streamKeys(table).delayedCounts,
      `${report.run}:first`,
      '0-1',
      `${report.run}:last`,
      '0-1',
    );
    const verified = await verify(report.run);
    expect(verified.problems).toContain('1 scheduled messages do not wait in Redis any more');
    expect(verified.differing.doubled).toEqual(['2']);
  });
});

describe('a look at all messages of a run', () => {
  const manifestOf = (stream: string) =>
    ({
      ...{ run: 'run-1', ledgerRun: 'run-1', lanes: 0, mode: 'move', fields: null },
      target: { label: '', stream, partitions: 1 },
    }) as unknown as Manifest;

  test.each(['ids', 'digest'] as const)(
    'finds each once by %s, though they are moved while it looks',
    async (what) => {
      const stream = uniqueName('look');
      const soon = Date.now() + 300_000;
      const messages = Array.from({ length: 2500 }, (_, i) => ({ id: `m${i}`, dueMs: soon + i }));
      await putAside(redis, stream, messages);
      const connection = await connectRedis({ url: sharedRedisUrl() });
      const manifest = manifestOf(stream);
      const [some, digest] = [new Set<string>(), { ...EMPTY_DIGEST }];
      let doubled = 0;
      const scan = messagesOfRun(redis, manifest, what);
      for (let step = await scan.next(); ; step = await scan.next()) {
        if (step.done) {
          expect(step.value).toMatchObject({ gone: 0, waitingGone: 0 });
          expect(step.value.entries + step.value.waiting).toBe(2500);
          expect(step.value.entries).toBeGreaterThan(0);
          break;
        }
        for (const id of step.value.ids) doubled += some.has(id) ? 1 : 0;
        for (const id of step.value.ids) some.add(id);
        addSums(digest, step.value);
        const { delayed } = streamKeys(stream);
        for (const member of await redis.zrange(delayed, '0', '399'))
          await redis.zadd(delayed, 'XX', 1, member);
        expect((await moveAllDue(new DueMover(connection, stream), QUIET)).failure).toBeNull();
      }
      await connection.close();
      expect(doubled).toBe(0);
      const expected = { ...EMPTY_DIGEST };
      for (const { id } of messages) addToDigest(expected, Buffer.from(id), Buffer.from(`body of ${id}`));
      expect(what === 'digest' ? digest : some.size).toEqual(what === 'digest' ? expected : 2500);
    },
  );
});

async function verify(run: string) {
  const connection = await connectRedis({ url: sharedRedisUrl() });
  try {
    return await verifyRun(connection, run, {});
  } finally {
    await connection.close();
  }
}
