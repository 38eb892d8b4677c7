import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { drain, entriesOf, ownDatabase, withRedis } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';
import { waitFor } from '../support/wait.ts';

let database: Awaited<ReturnType<typeof ownDatabase>>;
const sessions: pg.Client[] = [];

beforeAll(async () => {
  database = await ownDatabase();
});
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end().catch(() => undefined);
});

/** A session of an application that works on the same table. */
async function session(): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: database.url, application_name: 'the application' });
  client.on('error', () => {});
  await client.connect();
  sessions.push(client);
  return client;
}

async function tableOf(rows: number, columns = ''): Promise<string> {
  const table = uniqueName('c').replace('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload text DEFAULT 'b', agent text${columns})`,
  );
  await database.sql(`INSERT INTO ${table} (agent) SELECT 'a' || i % 3 FROM generate_series(1, ${rows}) i`);
  return table;
}

const idsIn = async (stream: string): Promise<number[]> =>
  (await entriesOf(stream)).map((entry) => Number(entry.text('id')));
const lengthOf = (stream: string): Promise<number> => withRedis((redis) => redis.xlen(stream));

describe('rows that another session has locked', () => {
  test('are left out, and the run ends by saying how many are left over', async () => {
    const table = await tableOf(30);
    const stream = uniqueName('locked');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE id IN (3, 17) FOR UPDATE`);
    const { report, waits } = await drain({
      spec: { table },
      database: database.url,
      target: { stream },
      settings: { batch: 4 },
    });
    expect(report).toMatchObject({ ending: 'left over', converged: false, remaining: 2, state: 'stopped' });
    expect(report.problems).toEqual(['2 messages still in the source']);
    expect(waits.join()).toContain('2 ready rows are locked by other sessions');
    expect((await idsIn(stream)).sort((a, b) => a - b)).toEqual(
      Array.from({ length: 30 }, (_, i) => i + 1).filter((id) => id !== 3 && id !== 17),
    );
    await other.query('ROLLBACK');
    const again = await drain({ spec: { table }, database: database.url, target: { stream } });
    expect(again.report).toMatchObject({ run: report.run, converged: true, appended: 30, settled: 30 });
  });

  test('hold back the later rows of their key, and of no other, over many batches', async () => {
    const table = await tableOf(150);
    const stream = uniqueName('held');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE id = 7 FOR UPDATE`);
    // One lane and small transactions: the locked row lies behind the others' position for long.
    const settings = { batch: 12, workers: 1 };
    const spec = { table, key: 'agent' };
    const { report } = await drain({ spec, database: database.url, target: { stream }, settings });
    expect(report).toMatchObject({ ending: 'left over', remaining: 48 });
    const ids = await idsIn(stream);
    expect(ids.filter((id) => id % 3 === 1)).toEqual([1, 4]);
    expect(ids).toHaveLength(102);
    await other.query('COMMIT');
    await drain({ spec, database: database.url, target: { stream }, settings });
    const of1 = (await idsIn(stream)).filter((id) => id % 3 === 1);
    expect(of1).toEqual(Array.from({ length: 50 }, (_, i) => 3 * i + 1));
  });

  test('are drained when they are let go in time', async () => {
    const table = await tableOf(10);
    const stream = uniqueName('released');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE id = 5 FOR UPDATE`);
    const running = drain({
      spec: { table },
      database: database.url,
      target: { stream },
      settings: { settleMs: 20_000 },
    });
    await waitFor(async () => (await lengthOf(stream)) === 9, { what: 'nine entries' });
    await other.query('COMMIT');
    expect((await running).report).toMatchObject({ converged: true, appended: 10, ending: 'empty' });
  });
});

describe('copy mode while others write', () => {
  const copy = (table: string, stream: string) => {
    const waits: string[] = [];
    const done = drain({
      spec: { table, mode: 'copy' },
      database: database.url,
      target: { stream },
      settings: { workers: 1, batch: 5 },
      onSnapshot: ({ waitingFor }) => waitingFor && waits.push(waitingFor),
    });
    done.catch(() => undefined);
    return { done, waits };
  };
  const blocked = async (waits: string[], stream: string) => {
    await waitFor(() => waits.length > 0, { what: 'a reason to wait' });
    expect(waits[0]).toMatch(
      /rows with lower ids may still be committed by pid \d+ \(the application, idle in transaction/,
    );
    expect((await idsIn(stream)).includes(11)).toBe(false);
  };

  test('a row with a lower id that is committed late is waited for and copied', async () => {
    const table = await tableOf(10);
    const stream = uniqueName('late');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`INSERT INTO ${table} (agent) VALUES ('late')`);
    await database.sql(`INSERT INTO ${table} (agent) SELECT 'after' FROM generate_series(1, 10)`);
    const { done, waits } = copy(table, stream);
    await blocked(waits, stream);
    await other.query('COMMIT');
    const { report } = await done;
    expect(report).toMatchObject({ converged: true, appended: 21, digest: { equal: true } });
    expect(await idsIn(stream)).toEqual(Array.from({ length: 21 }, (_, i) => i + 1));
  });

  test('a number taken early and inserted late is not missed', async () => {
    const table = await tableOf(10);
    const stream = uniqueName('early');
    const other = await session();
    await other.query('BEGIN');
    const { rows } = await other.query(`SELECT nextval('${table}_id_seq') AS id`);
    expect(rows[0].id).toBe('11');
    await database.sql(`INSERT INTO ${table} (agent) SELECT 'after' FROM generate_series(1, 10)`);
    const { done, waits } = copy(table, stream);
    await blocked(waits, stream);
    await other.query(`INSERT INTO ${table} (id, agent) VALUES (11, 'early')`);
    await other.query('COMMIT');
    expect((await done).report).toMatchObject({ converged: true, appended: 21, digest: { equal: true } });
    expect((await idsIn(stream)).includes(11)).toBe(true);
  });

  test('a writer that rolls back is not waited for any longer', async () => {
    const table = await tableOf(10);
    const stream = uniqueName('rollback');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`INSERT INTO ${table} (agent) VALUES ('never')`);
    await database.sql(`INSERT INTO ${table} (agent) VALUES ('after')`);
    const { done, waits } = copy(table, stream);
    await blocked(waits, stream);
    await other.query('ROLLBACK');
    expect((await done).report).toMatchObject({ converged: true, appended: 11 });
  });

  test('a session that only reads is not waited for', async () => {
    const table = await tableOf(10);
    const stream = uniqueName('reader');
    const other = await session();
    await other.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    await other.query(`SELECT * FROM ${table}`);
    expect((await copy(table, stream).done).report).toMatchObject({ converged: true, appended: 10 });
  });

  test('writers that never stop do not hold the copy up, and nothing of theirs is missing', async () => {
    const table = await tableOf(500);
    const stream = uniqueName('busy');
    let writing = true;
    const writer = async () => {
      const client = await session();
      for (let i = 0; writing; i += 1) {
        await client.query('BEGIN');
        await client.query(`INSERT INTO ${table} (agent) VALUES ('w')`);
        await client.query(i % 5 === 4 ? 'ROLLBACK' : 'COMMIT');
      }
    };
    const writers = [writer(), writer(), writer()];
    const { done } = copy(table, stream);
    await waitFor(async () => (await lengthOf(stream)) >= 500, { what: 'the copy to get on' });
    writing = false;
    await Promise.all(writers);
    await done;
    const { report } = await copy(table, stream).done;
    expect(report).toMatchObject({ converged: true, digest: { equal: true } });
    const [{ n }] = (await database.sql<{ n: number }>(`SELECT count(*)::int AS n FROM ${table}`)) as [
      { n: number },
    ];
    const ids = await idsIn(stream);
    expect(ids).toHaveLength(n);
    expect(ids).toEqual([...ids].sort((a, b) => a - b));
  });
});

test('composite ids are copied in their order, and go on behind the last one', async () => {
  const table = uniqueName('composite').replace('-', '_');
  await database.sql(`CREATE TABLE ${table} (tenant text, n int, payload text, PRIMARY KEY (tenant, n))`);
  await database.sql(`INSERT INTO ${table} SELECT 't"' || i % 3, i, 'b' FROM generate_series(1, 40) i`);
  const stream = uniqueName('composite');
  const test = {
    spec: { table, mode: 'copy' as const, id: ['tenant', 'n'] },
    database: database.url,
    target: { stream },
    settings: { workers: 1, batch: 3 },
  };
  expect((await drain(test)).report).toMatchObject({ converged: true, appended: 40 });
  const ids = (await entriesOf(stream)).map((entry) => JSON.parse(entry.text('id')!));
  expect(ids[0]).toEqual(['t"0', '3']);
  expect(ids).toEqual([...ids].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : a[1] - b[1])));
  await database.sql(`INSERT INTO ${table} VALUES ('u', 1, 'new')`);
  const again = await drain(test);
  expect(again.plan.kind).toBe('continue');
  expect(again.report).toMatchObject({ converged: true, appended: 41 });
  expect((await entriesOf(stream)).at(-1)!.text('id')).toBe('["u", "1"]');
});
