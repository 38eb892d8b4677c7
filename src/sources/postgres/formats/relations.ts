import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from '../../../backends/postgres/index.ts';
import { isNotKnown } from '../not-counted.ts';

/** A table as the catalogue shows it to everybody, whether it may be read or not. */
export interface Relation {
  schema: string;
  name: string;
  columns: string[];
  /** Types of the columns that may be written, so without generated ones. */
  types: Record<string, string>;
  /** The table's comment, which some libraries keep their version in. */
  comment: string | null;
  /** False where the user may not SELECT from it. */
  readable: boolean;
}

const BY_NAME = `
  SELECT n.nspname AS schema, c.relname AS name, obj_description(c.oid, 'pg_class') AS comment,
         has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT') AS readable,
         (SELECT coalesce(json_object_agg(a.attname, format_type(a.atttypid, NULL)), '{}') FROM pg_attribute a
           WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '') AS types,
         ARRAY(SELECT a.attname::text FROM pg_attribute a
                WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relname = $1 AND c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_(toast|temp)'
   ORDER BY n.nspname = ANY(current_schemas(false)) DESC, n.nspname`;

/** Tables of that name that have all these columns, in whatever schema; those on the search path first. */
export async function tablesNamed(client: Client, name: string, columns: string[]): Promise<Relation[]> {
  const { rows } = await client.query<Relation>(BY_NAME, [name]);
  return rows.filter((table) => columns.every((column) => table.columns.includes(column)));
}

/** Names of the tables in a schema. */
export async function tableNames(client: Client, schema: string): Promise<string[]> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relkind IN ('r', 'p')`,
    [schema],
  );
  return rows.map(({ name }) => name);
}

/** A table's name for SQL. */
export function qualified(schema: string, name: string): string {
  return `${escapeIdentifier(schema)}.${escapeIdentifier(name)}`;
}

/** `expression IN ('a', 'b')`. */
export function isOneOf(expression: string, values: string[]): string {
  return `${expression} IN (${values.map(escapeLiteral).join(', ')})`;
}

/** A moment as messages carry it: RFC 3339 in UTC, to the microsecond. */
export function isoUtc(timestamptz: string): string {
  return `to_char((${timestamptz}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;
}

/** Rows of a query over tables that may be missing, unreadable, or too large to be asked; none in that case. */
export async function rowsIfAllowed<T extends object>(
  client: Client,
  sql: string,
  params: unknown[] = [],
): Promise<T[]> {
  try {
    return (await client.query(sql, params)).rows;
  } catch (error) {
    if (isNotKnown(error)) return [];
    throw error;
  }
}

/** What a `SELECT count(*) AS n` says; 0 where it may not be asked. */
export async function countIfAllowed(client: Client, sql: string, params: unknown[] = []): Promise<number> {
  return Number((await rowsIfAllowed<{ n: string }>(client, sql, params))[0]?.n ?? 0);
}
