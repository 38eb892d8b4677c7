import { uniqueName } from '../support/shared.ts';
import { ownDatabase } from './driver.ts';

/** A database whose tables are queues. */
export async function jobsDatabase() {
  const database = await ownDatabase();
  const tableOf = async (rows: number, bytes = 20): Promise<string> => {
    const table = uniqueName('j').replace('-', '_');
    await database.sql(
      `CREATE TABLE ${table} (id bigserial PRIMARY KEY, payload text, created_at timestamptz DEFAULT clock_timestamp())`,
    );
    await insert(table, rows, bytes);
    return table;
  };
  const insert = async (table: string, rows: number, bytes = 20): Promise<void> => {
    await database.sql(
      `INSERT INTO ${table} (payload) SELECT repeat('x', ${bytes}) FROM generate_series(1, ${rows})`,
    );
  };
  const rowsIn = async (table: string): Promise<number> =>
    Number((await database.sql<{ n: string }>(`SELECT count(*) AS n FROM ${table}`))[0]!.n);
  return { ...database, tableOf, insert, rowsIn };
}
