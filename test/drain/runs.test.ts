import { beforeAll, describe, expect, test } from 'vitest';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import { sqsFaultProxy } from '../support/sqs.ts';
import { waitFor } from '../support/wait.ts';
import { drain, entriesOf, failureOf, ownDatabase, plan, withRedis } from './driver.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
beforeAll(async () => {
  database = await ownDatabase();
});

async function tableOf(rows: number): Promise<string> {
  const table = uniqueName('r').replace('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload text DEFAULT '{"a":1}', agent text)`,
  );
  await database.sql(`INSERT INTO ${table} (agent) SELECT 'a' || i % 5 FROM generate_series(1, ${rows}) i`);
  return table;
}

const caseOf = (
  table: string,
  stream: string,
  settings: object = {},
  spec: object = {},
  target: object = {},
) => ({
  spec: { table, ...spec },
  database: database.url,
  target: { stream, ...target },
  settings: { batch: 5, ...settings },
});
const idsIn = async (stream: string) => (await entriesOf(stream)).map((entry) => entry.text('id')!);
const rowsIn = async (table: string) =>
  Number((await database.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n);

describe('a run that was stopped', () => {
  test('is continued by the same call, as the same run', async () => {
    const [table, stream] = [await tableOf(100), uniqueName('cont')];
    const first = await drain(caseOf(table, stream, { limit: 30 }));
    expect(first.report).toMatchObject({
      ending: 'limit',
      appended: 30,
      settled: 30,
      converged: true,
      state: 'stopped',
    });
    expect(await rowsIn(table)).toBe(70);
    const second = await drain(caseOf(table, stream));
    expect(second.plan).toMatchObject({ kind: 'continue', run: first.report.run });
    expect(second.report).toMatchObject({
      run: first.report.run,
      appended: 100,
      converged: true,
      state: 'done',
    });
    expect(new Set(await idsIn(stream)).size).toBe(100);
  });

  test.each([
    ['stream', {}, { stream: 'elsewhere' }, / with other settings: --stream: changed-\w+ -> elsewhere$/],
    ['partitions', {}, { partitions: 2 }, / --partitions: 1 -> 2$/],
    ['key', { key: 'agent' }, {}, / --key: \(none\) -> agent$/],
    ['ready', { ready: 'true' }, {}, / --ready: .* -> true$/],
    ['mode', { mode: 'copy' }, {}, / --mode: move -> copy$/],
    ['fields', {}, { fields: { x: 'id' } }, / --field x: \(none\) -> id$/],
  ])('is not continued with another %s, and says what differs', async (_, spec, target, text) => {
    const [table, stream] = [await tableOf(20), uniqueName('changed')];
    const { report } = await drain(caseOf(table, stream, { limit: 5 }));
    const failure = await failureOf(drain(caseOf(table, stream, { workers: 1 }, spec, target)));
    expect(failure).toMatchObject({
      kind: 'refused',
      code: 'RUN_CONTEXT_CHANGED',
      details: { run: report.run },
    });
    expect(failure.message).toMatch(text);
    expect(await rowsIn(table)).toBe(15);
  });

  test('can be named, and one that is not there is an error that names the newest', async () => {
    const [table, stream] = [await tableOf(20), uniqueName('named')];
    const { report } = await drain(caseOf(table, stream, { limit: 5 }));
    expect(await failureOf(plan(caseOf(table, stream, { resume: 'nope' })))).toMatchObject({
      kind: 'usage',
      code: 'RUN_NOT_FOUND',
    });
    expect((await drain(caseOf(table, stream, { resume: report.run }))).report).toMatchObject({
      run: report.run,
      appended: 20,
    });
  });

  test('of another table is not found by this one', async () => {
    const stream = uniqueName('two');
    const [one, other] = [await tableOf(10), await tableOf(10)];
    const first = await drain(caseOf(one, stream, { limit: 5 }));
    expect((await plan(caseOf(other, stream))).kind).toBe('new');
    expect(await failureOf(plan(caseOf(other, stream, { resume: first.report.run })))).toMatchObject({
      code: 'RUN_CONTEXT_CHANGED',
    });
  });
});

/** Appended, and the commit fails: the same marker and rows as after a kill -9 between the two. */
async function crashed(table: string, stream: string, settings: object = {}, target: object = {}) {
  const opened = caseOf(table, stream, { workers: 1, ...settings }, {}, target);
  // A deferred trigger makes every commit fail until its table holds a row.
  const trap = uniqueName('trap').replace('-', '_');
  await database.sql(`CREATE TABLE ${trap} (x int)`);
  await database.sql(`CREATE FUNCTION ${trap}_f() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF EXISTS (SELECT 1 FROM ${trap}) THEN RETURN NULL; END IF; RAISE EXCEPTION 'trapped' USING ERRCODE = 'XX000'; END $$`);
  await database.sql(`CREATE CONSTRAINT TRIGGER ${trap} AFTER DELETE ON ${table} DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION ${trap}_f()`);
  const failure = await failureOf(drain(opened));
  await database.sql(`INSERT INTO ${trap} VALUES (1)`);
  return failure;
}

describe('a run that died between append and settle', () => {
  test('names the source as what failed, and loses and doubles nothing when it is continued', async () => {
    const [table, stream] = [await tableOf(40), uniqueName('died')];
    expect(await crashed(table, stream)).toMatchObject({ kind: 'source' });
    const before = await idsIn(stream);
    expect(before.length).toBeGreaterThan(0);
    expect(await rowsIn(table)).toBe(40);
    const { report } = await drain(caseOf(table, stream, { workers: 1 }));
    expect(report).toMatchObject({
      converged: true,
      appended: 40,
      settled: 40,
      duplicatesSuppressed: before.length,
    });
    expect((await idsIn(stream)).sort()).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)).sort());
  });

  test('of which an old worker has taken a part says so, with the number', async () => {
    const [table, stream] = [await tableOf(40), uniqueName('vanished')];
    await crashed(table, stream);
    const [taken] = await database.sql<{ n: number }>(
      `WITH taken AS (DELETE FROM ${table} WHERE id <= 5 RETURNING id) SELECT count(*)::int AS n FROM taken`,
    );
    expect(taken!.n).toBe(5);
    const { report } = await drain(caseOf(table, stream, { workers: 1 }));
    expect(report).toMatchObject({ converged: false, appended: 40 });
    expect(report.sourceChanges).toMatchObject([{ code: 'VANISHED', level: 'problem', count: 5 }]);
    expect(report.problems.join()).toMatch(/5 messages of an interrupted batch are no longer in the source/);
  });

  test.each([1, 3])('is settled first when it is given up with fresh (%d partitions)', async (partitions) => {
    const [table, stream, other] = [await tableOf(40), uniqueName('given'), uniqueName('fresh')];
    await crashed(table, stream, {}, { partitions });
    const { report, plan: planned } = await drain(caseOf(table, other, { fresh: true, workers: 1 }));
    expect(planned.kind).toBe('new');
    const keys =
      partitions === 1 ? [stream] : Array.from({ length: partitions }, (_, p) => `${stream}:{${p}}`);
    const ids = [...(await Promise.all(keys.map(idsIn))).flat(), ...(await idsIn(other))];
    expect(ids.length).toBe(40);
    expect(new Set(ids).size).toBe(40);
    expect(report.converged).toBe(true);
    expect(await rowsIn(table)).toBe(0);
  });
});

describe('several at once', () => {
  test('a different run on the same source is refused with the holder; the same one shares the work', async () => {
    const [table, stream] = [await tableOf(400), uniqueName('share')];
    const test = caseOf(table, stream, { workers: 4, ratePerSecond: 200 });
    const first = drain(test);
    await waitFor(async () => (await entriesOf(stream)).length > 0, { what: 'the first entries' });
    const failure = await failureOf(drain(caseOf(table, uniqueName('other'))));
    expect(failure).toMatchObject({ kind: 'locked', code: 'SOURCE_LOCKED' });
    const second = await drain(test);
    expect(second.plan.kind).toBe('join');
    const { report: one } = await first;
    expect(second.report.run).toBe(one.run);
    expect(failure.message).toContain(one.run);
    expect(failure.message).toMatch(/pid \d+ on /);
    expect(new Set(await idsIn(stream)).size).toBe(400);
    expect(await idsIn(stream)).toHaveLength(400);
  });
});

describe('copy mode', () => {
  test('run again after its end appends only what is new', async () => {
    const [table, stream] = [await tableOf(30), uniqueName('again')];
    const copy = caseOf(table, stream, { workers: 1 }, { mode: 'copy' });
    const first = await drain(copy);
    await database.sql(`INSERT INTO ${table} (agent) VALUES ('new'), ('new')`);
    const second = await drain(copy);
    expect(second.report).toMatchObject({
      run: first.report.run,
      appended: 32,
      converged: true,
      digest: { equal: true },
    });
    expect(await idsIn(stream)).toEqual(Array.from({ length: 32 }, (_, i) => String(i + 1)));
  });

  test('a fresh copy says that the stream is not empty', async () => {
    const [table, stream] = [await tableOf(3), uniqueName('twice')];
    await drain(caseOf(table, stream, { workers: 1 }, { mode: 'copy' }));
    const { findings } = await plan(caseOf(table, stream, { workers: 1, fresh: true }, { mode: 'copy' }));
    expect(findings).toContainEqual(expect.objectContaining({ level: 'warning', code: 'STREAM_NOT_EMPTY' }));
  });
});

describe('limits', () => {
  test('a limit is kept to the message, by several workers', async () => {
    for (const limit of [1, 7, 23]) {
      const [table, stream] = [await tableOf(60), uniqueName('limit')];
      const { report } = await drain(caseOf(table, stream, { limit, workers: 3 }));
      expect(report).toMatchObject({ ending: 'limit', appended: limit, settled: limit, converged: true });
      expect(await rowsIn(table)).toBe(60 - limit);
    }
  });

  test('a rate is kept to, and never exceeded by much', async () => {
    const [table, stream] = [await tableOf(100), uniqueName('rate')];
    const from = performance.now();
    await drain(caseOf(table, stream, { ratePerSecond: 50 }));
    const seconds = (performance.now() - from) / 1000;
    expect(seconds).toBeGreaterThan(1.5);
    expect(seconds).toBeLessThan(6);
  });

  test('a time ends it, with what it has settled', async () => {
    const [table, stream] = [await tableOf(500), uniqueName('until')];
    const { report } = await drain(
      caseOf(table, stream, { ratePerSecond: 50, until: new Date(Date.now() + 1500) }),
    );
    expect(report).toMatchObject({ ending: 'until', converged: true, state: 'stopped' });
    expect(report.appended).toBeGreaterThan(10);
    expect(report.appended).toBeLessThan(300);
    expect(await rowsIn(table)).toBe(500 - report.appended);
  });

  test('a stream is trimmed only when that is asked for', async () => {
    const [table, long, short] = [await tableOf(2000), uniqueName('long'), uniqueName('short')];
    await drain(caseOf(table, long, { batch: 1000 }, { mode: 'copy' }));
    expect(await withRedis((redis) => redis.xlen(long))).toBe(2000);
    await drain(caseOf(table, short, { batch: 1000, fresh: true }, {}, { maxLen: 100 }));
    expect(await withRedis((redis) => redis.xlen(short))).toBeLessThan(300);
  });

  test('a group is made at the start of the stream, and one that is there stays where it is', async () => {
    const [table, stream] = [await tableOf(10), uniqueName('group')];
    for (let round = 0; round < 2; round += 1)
      await drain(caseOf(table, stream, { limit: 5 }, {}, { createGroup: 'workers' }));
    const read = (await withRedis((redis) =>
      redis.xreadgroup('GROUP', 'workers', 'c', 'STREAMS', stream, '>'),
    )) as [string, unknown[]][];
    expect(read[0]![1]).toHaveLength(10);
  });
});

describe('what cannot be carried', () => {
  test('is set aside with its bytes and the reason, and the rest arrives', async () => {
    const [table, stream] = [await tableOf(20), uniqueName('poison')];
    await database.sql(`UPDATE ${table} SET payload = 'no json' WHERE id = 7`);
    await database.sql(`UPDATE ${table} SET payload = '{"a":"' || repeat('x', 5000) || '"}' WHERE id = 9`);
    const { report } = await drain(
      caseOf(table, stream, { maxBodyBytes: 1000 }, {}, { fields: { a: 'body.a', key: 'id' } }),
    );
    expect(report).toMatchObject({
      appended: 18,
      quarantined: 2,
      settled: 20,
      converged: false,
      remaining: 0,
    });
    expect(report.problems).toEqual(['2 messages were set aside in quarantine']);
    const held = await entriesOf(report.quarantineStreams[0]!);
    const byId = new Map(held.map((entry) => [entry.text('id'), entry]));
    expect(byId.get('7')!.text('body')).toBe('no json');
    expect(byId.get('7')!.text('reason')).toMatch(/mapping failed: the body is not JSON/);
    expect(byId.get('9')!.get('body')!.length).toBe(5008);
    expect(byId.get('9')!.text('reason')).toBe('the body has 5008 bytes, more than --max-body-bytes 1000');
    expect((await idsIn(stream)).length).toBe(18);
  });
});

describe.concurrent('sqs', () => {
  const sqs = () => sharedSqs();
  const queueOf = async (count: number) => {
    const queueUrl = await sqs().createQueue(uniqueName('q'));
    await sqs().send(
      queueUrl,
      Array.from({ length: count }, (_, i) => `m${i}`),
    );
    return queueUrl;
  };

  test('messages whose delete was lost come back, are suppressed and deleted', async () => {
    const [queueUrl, stream] = [await queueOf(60), uniqueName('lost')];
    const proxy = await sqsFaultProxy(sqs().endpoint, { lostDeleteRate: 0.5, deleteFailureRate: 0.2 });
    const { report } = await drain({
      queueUrl,
      endpoint: proxy.endpoint,
      target: { stream },
      settings: { visibilityMs: 2000, settleMs: 1000 },
    });
    await proxy.stop();
    expect(proxy.stats.lostDeletes).toBeGreaterThan(0);
    expect(proxy.stats.failedEntries).toBeGreaterThan(0);
    expect(report).toMatchObject({ appended: 60, converged: true, open: 0 });
    expect(report.duplicatesSuppressed).toBeGreaterThan(0);
    expect(await entriesOf(stream)).toHaveLength(60);
    expect((await sqs().depth(queueUrl)).total).toBe(0);
  });

  test('the run after a finished one still knows what was delivered', async () => {
    const [queueUrl, stream] = [await queueOf(10), uniqueName('window')];
    // All deletes are lost, and the drain is told that they worked: everything comes back later.
    const proxy = await sqsFaultProxy(sqs().endpoint, { lostDeleteRate: 1 });
    const first = await drain({
      queueUrl,
      endpoint: proxy.endpoint,
      target: { stream },
      settings: { visibilityMs: 4000, until: new Date(Date.now() + 2500) },
    });
    proxy.set({ lostDeleteRate: 0 });
    expect(first.report.appended).toBe(10);
    const second = await drain({ queueUrl, endpoint: proxy.endpoint, target: { stream } });
    await proxy.stop();
    expect(second.report).toMatchObject({ converged: true });
    expect(second.report.duplicatesSuppressed).toBe(10);
    expect(await entriesOf(stream)).toHaveLength(10);
    expect((await sqs().depth(queueUrl)).total).toBe(0);
  });

  test.each(['the same stream', 'another stream'])(
    'given up with fresh for %s, nothing is doubled',
    async (where) => {
      const [queueUrl, stream] = [await queueOf(20), uniqueName('sqsfresh')];
      const proxy = await sqsFaultProxy(sqs().endpoint, { deleteFailureRate: 1 });
      // Deletes fail for good, so that what was appended stays open.
      const first = await drain({
        queueUrl,
        endpoint: proxy.endpoint,
        target: { stream },
        settings: { visibilityMs: 6000, limit: 10 },
      });
      expect(first.report).toMatchObject({ appended: 10, settled: 0, open: 10, converged: false });
      proxy.set({ deleteFailureRate: 0 });
      const next = where === 'the same stream' ? stream : uniqueName('sqsother');
      const { report } = await drain({
        queueUrl,
        endpoint: proxy.endpoint,
        target: { stream: next },
        settings: { fresh: true },
      });
      await proxy.stop();
      const bodies = [...(await entriesOf(stream)), ...(next === stream ? [] : await entriesOf(next))].map(
        (entry) => entry.text('body'),
      );
      expect(bodies).toHaveLength(20);
      expect(new Set(bodies).size).toBe(20);
      expect((await sqs().depth(queueUrl)).total).toBe(0);
      expect(report).toMatchObject({ problems: [], converged: true });
    },
  );

  test('throttling and OverLimit slow it down and are named, and nothing fails', async () => {
    const [queueUrl, stream] = [await queueOf(40), uniqueName('slow')];
    const proxy = await sqsFaultProxy(sqs().endpoint, {
      overLimitRate: 0.5,
      throttleRate: 0.1,
      dropReceiveRate: 0.1,
    });
    const running = drain({
      queueUrl,
      endpoint: proxy.endpoint,
      target: { stream },
      settings: { visibilityMs: 2000 },
    });
    await waitFor(async () => (await entriesOf(stream)).length === 40, {
      what: '40 entries',
      timeoutMs: 40_000,
    });
    proxy.set({ overLimitRate: 0, throttleRate: 0, dropReceiveRate: 0 });
    const { report } = await running;
    await proxy.stop();
    expect(proxy.stats.overLimits).toBeGreaterThan(0);
    expect(report).toMatchObject({ appended: 40, converged: true });
  });
});
