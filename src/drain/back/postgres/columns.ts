import type { Client } from 'pg';
import type { TableFacts } from '../../../sources/postgres/index.ts';

/** What an INSERT must know of a column besides its type. */
export interface ColumnFacts {
  name: string;
  /** Ready for a cast that cuts nothing off: without the length of the column. */
  type: string;
  notNull: boolean;
  /** A default, or an identity, fills it. */
  filled: boolean;
  /** SQL of its default; null where it has none. */
  defaultSql: string | null;
  /** Computed by the table: nothing may be written to it. */
  computed: boolean;
  /** GENERATED ALWAYS AS IDENTITY. */
  always: boolean;
}

const COLUMNS = `
  SELECT attname AS name, format_type(atttypid, atttypmod) AS type, attnotnull AS "notNull",
         atthasdef OR attidentity <> '' AS filled, attgenerated <> '' AS computed, attidentity = 'a' AS always,
         pg_get_expr(adbin, adrelid) AS "defaultSql"
    FROM pg_attribute LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
   WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;

/** Reads them, by name. */
export async function readColumns(client: Client, table: TableFacts): Promise<Map<string, ColumnFacts>> {
  const { rows } = await client.query<ColumnFacts>(COLUMNS, [table.oid]);
  return new Map(rows.map((column) => [column.name, { ...column, type: withoutLength(column.type) }]));
}

/**
 * A cast to `character varying(3)` cuts without a word, where an assignment of longer text to such a column
 * fails. So values are cast to the type without its length, and assigned.
 */
export function withoutLength(type: string): string {
  const bare = type.replace(/\(\d+(?:,-?\d+)?\)/, '');
  if (bare === type) return type;
  return bare
    .replace(/^character(?= |$|\[)(?! varying)/, 'bpchar')
    .replace(/^bit(?= |$|\[)(?! varying)/, 'bit varying');
}
