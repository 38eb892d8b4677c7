import pg from 'pg';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { withClaimColumn } from '../../src/sources/postgres/claim-column.ts';
import { drain, entriesOf, ownDatabase, requestOf } from '../drain/driver.ts';
import { uniqueName } from '../support/shared.ts';

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
  const table = uniqueName('k').replaceAll('-', '_');
  await database.sql(
    `CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload text DEFAULT 'b', agent text,
       "Taken by" text, state text NOT NULL DEFAULT 'new'${columns})`,
  );
  await database.sql(`INSERT INTO ${table} (agent) SELECT 'a' || i % 3 FROM generate_series(1, ${rows}) i`);
  return table;
}

type Spec = Parameters<typeof requestOf>[0]['spec'] & object;
const claiming = (spec: Spec): Spec => {
  const { source } = requestOf({ spec, target: { stream: 's' } });
  if (source.kind !== 'postgres') throw new Error('not a table');
  return withClaimColumn(source.spec, 'Taken by');
};
const idsIn = async (stream: string): Promise<number[]> =>
  (await entriesOf(stream)).map((entry) => Number(entry.text('id')));
const upTo = (n: number) => Array.from({ length: n }, (_, i) => i + 1);
const sorted = (ids: number[]) => ids.toSorted((a, b) => a - b);

describe('rows are claimed before they are appended', () => {
  test('and each is in the stream once, in order within its key', async () => {
    const table = await tableOf(5000);
    const stream = uniqueName('claim');
    const { report } = await drain({
      spec: claiming({ table, key: 'agent' }),
      database: database.url,
      target: { stream },
      settings: { batch: 70, workers: 2 },
    });
    expect(report).toMatchObject({ converged: true, appended: 5000, settled: 5000, remaining: 0 });
    const ids = await idsIn(stream);
    expect(sorted(ids)).toEqual(upTo(5000));
    for (const rest of [0, 1, 2]) {
      const ofKey = ids.filter((id) => id % 3 === rest);
      expect(ofKey).toEqual(sorted(ofKey));
    }
  });

  test('and what another session has locked stays with it, with all that follows under its key', async () => {
    const table = await tableOf(150);
    const stream = uniqueName('locked');
    const other = await session();
    await other.query('BEGIN');
    await other.query(`SELECT 1 FROM ${table} WHERE id = 7 FOR UPDATE`);
    const test = {
      spec: claiming({ table, key: 't.agent' }),
      database: database.url,
      target: { stream },
      settings: { batch: 1, workers: 1 },
    };
    const { report } = await drain(test);
    expect(report).toMatchObject({ ending: 'left over', remaining: 48, converged: false });
    expect((await idsIn(stream)).filter((id) => id % 3 === 1)).toEqual([1, 4]);
    await other.query('COMMIT');
    expect((await drain(test)).report).toMatchObject({ converged: true, appended: 150 });
    const ofKey = (await idsIn(stream)).filter((id) => id % 3 === 1);
    expect(ofKey).toEqual(sorted(ofKey));
  });
});
