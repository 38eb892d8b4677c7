import { beforeAll } from 'vitest';
import type { DrainSettings } from '../../../src/drain/index.ts';
import type { FormatChoice } from '../../../src/sources/postgres/formats/index.ts';
import type { FormatName } from '../../../src/sources/postgres/spec.ts';
import { drain, type Entry, entriesOf, ownDatabase } from '../../drain/driver.ts';
import { uniqueName } from '../../support/shared.ts';
import { about, specOf } from './describe.ts';
import { interruptedClaim } from './interrupted.ts';
import { beside, type Turn } from './workers.ts';

/** A database with one library's tables, and what tests do with it. */
export function queueOf(name: FormatName, ddl: string) {
  let database: Awaited<ReturnType<typeof ownDatabase>>;
  beforeAll(async () => {
    database = await ownDatabase();
    await database.sql(ddl);
  });
  const sql = <T extends object = Record<string, unknown>>(text: string, params?: unknown[]) =>
    database.sql<T>(text, params);

  async function moved(choice: Partial<FormatChoice> = {}, settings: Partial<DrainSettings> = {}) {
    const stream = uniqueName('format');
    const spec = await specOf(database.url, name, choice);
    const { report, notes } = await drain({
      spec,
      database: database.url,
      target: { stream },
      // A test that leaves something over is not continued by the next one.
      settings: { fresh: true, settleMs: 50, ...settings },
    });
    const entries = await entriesOf(stream);
    return { report, notes, entries, ids: entries.map((entry) => entry.text('id')!) };
  }

  return {
    sql,
    moved,
    url: () => database.url,
    /** Inserts one row into `table`, its columns set to SQL. */
    insert: (table: string, columns: Record<string, string>) =>
      sql(`INSERT INTO ${table} (${Object.keys(columns)}) VALUES (${Object.values(columns)})`),
    spec: (choice: Partial<FormatChoice> = {}) => specOf(database.url, name, choice),
    about: (choice: Partial<FormatChoice> = {}) => about(database.url, name, choice),
    interrupted: async (limit: number, choice: Partial<FormatChoice> = {}) =>
      interruptedClaim(database.url, await specOf(database.url, name, choice), limit),
    /** A drain with workers beside it. */
    async contested(turn: Turn, settings: Partial<DrainSettings> = {}) {
      const { result, worked } = await beside(database.url, turn, () =>
        moved({}, { batch: 20, ...settings }),
      );
      return { ...result, worked };
    },
  };
}

/** The fields of an entry by name, as text. */
export function fieldsOf(entry: Entry | undefined): Record<string, string> {
  return Object.fromEntries((entry?.fields ?? []).map(([name, value]) => [name, value.toString()]));
}

/** `1`, `2`, … as text, in the order of text. */
export function upTo(n: number): string[] {
  return Array.from({ length: n }, (_, i) => `${i + 1}`).toSorted();
}
