import { beforeAll, describe, expect, test } from 'vitest';
import { connectRedis } from '../../src/backends/redis/index.ts';
import { runStatus } from '../../src/drain/index.ts';
import { type PostgresSpec, withClaimColumn } from '../../src/sources/postgres/index.ts';
import { drain, entriesOf, ownDatabase, requestOf } from '../drain/driver.ts';
import { sharedRedisUrl, uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;

beforeAll(async () => {
  database = await ownDatabase();
});

/** Every third row is of low risk, every fifth body is no JSON. */
async function tableOf(rows: number): Promise<string> {
  const table = uniqueName('f').replaceAll('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigint PRIMARY KEY, payload text, kind text, at timestamptz, agent text, taken text)`,
  );
  await database.sql(`INSERT INTO ${table} SELECT i,
     CASE WHEN i % 5 = 0 THEN 'risk: low' ELSE json_build_object('risk', CASE WHEN i % 3 = 0 THEN 'low' ELSE 'high' END)::text END,
     'k' || i % 4, '2026-01-01Z'::timestamptz + i * interval '1 minute', 'a' || i % 7
     FROM generate_series(1, ${rows}) i`);
  return table;
}

async function statusOf(run: string) {
  const redis = await connectRedis({ url: sharedRedisUrl() });
  return runStatus(redis, run).finally(() => redis.close());
}

type Spec = Partial<PostgresSpec> & { table: string };
const WAYS: [string, (spec: Spec) => Spec][] = [
  ['move', (spec) => spec],
  [
    'claim',
    (spec) => {
      const { source } = requestOf({ spec, target: { stream: 's' } });
      return withClaimColumn((source as { spec: PostgresSpec }).spec, 'taken');
    },
  ],
  ['copy', (spec) => ({ ...spec, mode: 'copy' })],
];
const ids = async (stream: string): Promise<number[]> =>
  (await entriesOf(stream)).map((entry) => Number(entry.text('id'))).sort((a, b) => a - b);
const left = async (table: string): Promise<number[]> =>
  (await database.sql<{ id: string }>(`SELECT id FROM ${table} ORDER BY id`)).map(({ id }) => Number(id));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const isLow = (id: number) => id % 3 === 0 && id % 5 !== 0;

describe.each(WAYS)('%s', (way, as) => {
  const settings = { workers: way === 'copy' ? 1 : 2, batch: 7 };

  test('only what the filter matches leaves the source, and the run converges', async () => {
    const table = await tableOf(1000);
    const stream = uniqueName('filter');
    const before = await database.sql(`SELECT xmin::text, * FROM ${table} ORDER BY id`);
    const spec = as({ table, filter: "body.risk == 'low'", key: 'agent' });
    const test = { spec, database: database.url, target: { stream }, settings };
    const { report, plan } = await drain(test);
    const low = upTo(1000).filter(isLow);
    const unevaluated = { count: 200, example: '5' };
    const unmatched = 800 - low.length;
    expect(plan.depth).toMatchObject({ ready: low.length, unmatched, unevaluated });
    const text = '200 messages are left out, such as 5: the filter cannot be evaluated for them';
    expect(plan.findings).toContainEqual(
      expect.objectContaining({ level: 'warning', code: 'FILTER_NOT_EVALUATED', text }),
    );
    expect(report).toMatchObject({
      converged: true,
      problems: [],
      unmatched,
      unevaluated,
      remaining: 0,
    });
    expect(await statusOf(report.run)).toMatchObject({ unevaluated });
    expect(report.notes).toContain(`left in the source by --filter: ${unmatched}`);
    expect(await ids(stream)).toEqual(low);
    const rest = before.filter((row) => way === 'copy' || !isLow(Number(row.id)));
    expect(await database.sql(`SELECT xmin::text, * FROM ${table} ORDER BY id`)).toEqual(rest);
    // What comes later and matches is taken by the next call.
    await database.sql(`UPDATE ${table} SET payload = '{"risk":"low"}' WHERE id = 1000`);
    await database.sql(`INSERT INTO ${table} (id, payload) VALUES (2000, '{"risk":"low"}'), (2001, '{}')`);
    if (way === 'copy') return;
    expect((await drain(test)).report).toMatchObject({
      converged: true,
      unmatched: unmatched + 1,
      unevaluated: { count: 199, example: '5' },
    });
    expect(await ids(stream)).toEqual([...low, 1000, 2000]);
  });

  test('only the types that are asked for', async () => {
    const table = await tableOf(40);
    const stream = uniqueName('types');
    const spec = as({ table, type: 'kind', types: ['k1', "it's"] });
    const { report } = await drain({ spec, database: database.url, target: { stream }, settings });
    expect(report).toMatchObject({ converged: true, appended: 10, remaining: 0 });
    expect(await ids(stream)).toEqual(upTo(40).filter((id) => id % 4 === 1));
    if (way !== 'copy') expect(await left(table)).toEqual(upTo(40).filter((id) => id % 4 !== 1));
  });

  test('only what was enqueued before a time', async () => {
    const table = await tableOf(40);
    const stream = uniqueName('before');
    const spec = as({ table, enqueuedAt: 'at' });
    const boundary = new Date('2026-01-01T02:20:00+02:00');
    const { report } = await drain({
      spec,
      database: database.url,
      target: { stream },
      settings: { ...settings, boundary },
    });
    expect(report).toMatchObject({ converged: true, appended: 19, remaining: 0 });
    expect(await ids(stream)).toEqual(upTo(19));
  });
});

describe.each(WAYS.slice(0, 2))('%s', (_, as) => {
  test('a row that changes after the filter has seen it is looked at again, and stays', async () => {
    const table = await tableOf(300);
    const stream = uniqueName('changing');
    // The first unit of the list changes a row of a later one: what was matched is then another row.
    await database.sql(`CREATE FUNCTION change_${table}() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
      UPDATE ${table} SET payload = '{"risk":"high"}' WHERE id = 297; RETURN NULL; END $$`);
    await database.sql(
      `CREATE TRIGGER changed AFTER DELETE ON ${table} FOR EACH STATEMENT EXECUTE FUNCTION change_${table}()`,
    );
    const spec = as({ table, filter: "body.risk == 'low'" });
    const { report } = await drain({
      spec,
      database: database.url,
      target: { stream },
      // By then it is no message of this run any more: that is told, and here it is meant to be so.
      settings: { workers: 1, batch: 1, allowCompeting: true },
    });
    expect(report).toMatchObject({ converged: true });
    expect(await ids(stream)).toEqual(upTo(300).filter((id) => isLow(id) && id !== 297));
    expect(await left(table)).toContain(297);
  });

  test('workers go on taking what the filter leaves', async () => {
    const table = await tableOf(3000);
    const stream = uniqueName('free');
    const running = drain({
      spec: as({ table, filter: "body.risk == 'low'" }),
      database: database.url,
      target: { stream },
      settings: { workers: 2, batch: 10, ratePerSecond: 2000 },
    });
    await waitFor(async () => (await ids(stream)).length > 20, { what: 'the drain to be at work' });
    const taken = await database.sql<{ id: string }>(
      `DELETE FROM ${table} WHERE id = ANY(ARRAY(SELECT id FROM ${table} WHERE payload LIKE '%high%' ORDER BY id LIMIT 500 FOR UPDATE NOWAIT)) RETURNING id`,
    );
    expect(taken).toHaveLength(500);
    expect((await running).report.converged).toBe(true);
    expect(await ids(stream)).toEqual(upTo(3000).filter(isLow));
  });
});
