import type { Client } from 'pg';
import { QctlError } from '../../../errors.ts';
import type { FoundQueue, QueueFormat } from './format.ts';

/** A table as the catalogue tells of it, which anybody may read, whatever his rights on the table are. */
export interface CatalogTable {
  schema: string;
  comment: string | null;
  /** Name -> type, without generated columns: those cannot be put back. */
  columns: Record<string, string>;
}

const TABLES = `
  SELECT n.nspname AS schema, obj_description(c.oid, 'pg_class') AS comment,
         (SELECT json_object_agg(a.attname, format_type(a.atttypid, NULL))
            FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' ORDER BY 1`;

/** Every table of that name, in whatever schema. */
export async function tablesNamed(client: Client, relation: string): Promise<CatalogTable[]> {
  const { rows } = await client.query(TABLES, [relation]);
  return rows.map(({ schema, comment, columns }) => ({ schema, comment, columns: columns ?? {} }));
}

/** The columns of one table; undefined where it does not exist. */
export async function columnsOf(
  client: Client,
  schema: string,
  relation: string,
): Promise<Record<string, string> | undefined> {
  return (await tablesNamed(client, relation)).find((table) => table.schema === schema)?.columns;
}

/** What {@link QueueFormat.detect} has noted of the columns. */
export function notedColumns(found: FoundQueue): Record<string, string> {
  return found.facts.columns as Record<string, string>;
}

/** Refuses a shape that is not understood. `what` says in which way it is not. */
export function unknownVersion(
  format: Pick<QueueFormat, 'title' | 'versions'>,
  found: FoundQueue,
  what: string,
  remedy: string,
): QctlError {
  return new QctlError(
    'refused',
    `the ${format.title} tables in schema ${found.schema} are of a version that is not understood: ${what}`,
    { code: 'UNKNOWN_FORMAT_VERSION', hint: [`understood: ${format.versions}`, remedy] },
  );
}

/** Those of `needed` that the table has not. */
export function missingColumns(columns: Record<string, string>, needed: string[]): string[] {
  return needed.filter((name) => !(name in columns));
}

/**
 * Columns that an application or a plugin has added, as attributes of the same name: what qctl does not
 * know it carries all the same.
 */
export function addedColumns(columns: Record<string, string>, known: string[]): Record<string, string> {
  const added = Object.keys(columns).filter((name) => !known.includes(name));
  return Object.fromEntries(added.map((name) => [name, name]));
}
