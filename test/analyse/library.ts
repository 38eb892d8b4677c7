import { beforeAll } from 'vitest';
import type { FormatChoice } from '../../src/sources/postgres/formats/index.ts';
import type { FormatCase, Sql } from '../contract/formats/case.ts';
import { ownDatabase } from '../drain/driver.ts';
import { sessionOf, specOf } from '../sources/formats/describe.ts';
import { analysed, found } from './driver.ts';

/** The tables of a job library in a database of their own, and how they look to an analysis. */
export function library(format: FormatCase) {
  let database: Awaited<ReturnType<typeof ownDatabase>>;
  beforeAll(async () => {
    database = await ownDatabase();
    await format.setup(database.sql, database.url);
  });
  const sql: Sql = (text, params) => database.sql(text, params);
  const caseOf = async (choice: Partial<FormatChoice> = {}, url = database.url) => ({
    postgres: { url, spec: await specOf(database.url, format.name, choice) },
  });
  return {
    sql,
    url: () => database.url,
    /** One of the jobs of the contract, by what is special about it. */
    insert: (what: string) => format.jobs.find((job) => job.what === what)!.insert(sql),
    /** Another row of a table, its columns set to SQL. */
    row: (table: string, columns: Record<string, string>) =>
      sql(`INSERT INTO ${table} (${Object.keys(columns)}) VALUES (${Object.values(columns)})`),
    empty: () => sql(`DELETE FROM ${format.table}`),
    session: () => sessionOf(database.url),
    endSessions: () => database.endSessions(),
    found: async (code: string, choice: Partial<FormatChoice> = {}, url?: string) =>
      found(await caseOf(choice, url), code),
    analysed: async (choice: Partial<FormatChoice> = {}) => analysed(await caseOf(choice)),
  };
}
