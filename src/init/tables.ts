import type { Client } from 'pg';
import { isText, type NamedColumn } from '../sources/postgres/column-names.ts';
import { someValues } from '../sources/postgres/column-values.ts';
import {
  type ProgressColumn,
  progressByMark,
  progressByState,
  stateOf,
} from '../sources/postgres/progress-column.ts';
import { type ColumnGuesses, guessColumns, payloadOf } from './guess.ts';

/** A table that looks like a queue, and how it would be drained. */
export interface FoundTable extends ProgressColumn, ColumnGuesses {
  schema: string;
  name: string;
  /** As in SQL, quoted where that is needed. */
  table: string;
  /** Estimated by Postgres; null where it was never counted. */
  rows: number | null;
  columns: string[];
  /** Of the primary key. */
  id: string[];
  /** The column of the body; null where none looks like one. */
  payload: string | null;
  /** What becomes of a row in place of its removal: `{ state: 'migrated' }` could be written there. */
  stateColumn: string | null;
}

interface Column extends NamedColumn {
  /** Of an enumeration; else null. */
  labels: string[] | null;
}

interface Row {
  oid: string;
  schema: string;
  name: string;
  table: string;
  rows: number;
  id: string[] | null;
  columns: Column[];
}

const MOST_TABLES = 100;
/** Among so many values one that stands for waiting rows is looked for. */
const MOST_STATES = 100;

const FIND = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.reltuples::float8 AS rows,
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS "table",
         (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
            JOIN pg_attribute a ON a.attnum = k.number
           WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid) AS id,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL),
                 'labels', (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid))
                 ORDER BY a.attnum)
            FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND n.nspname <> 'information_schema' AND n.nspname !~ '^pg_'
     AND has_table_privilege(c.oid, 'SELECT')
     AND EXISTS (SELECT 1 FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0
                    AND a.attname ~ '(state|status|processed|handled|done|sent|published|delivered|consumed|completed|finished)')
   ORDER BY c.reltuples DESC, 2, 3 LIMIT ${MOST_TABLES}`;

/** Tables with a primary key and a column that says how far a row has come. Reads the catalogue, and 1,000 rows at most of a table that was never analysed. */
export async function findTables(client: Client): Promise<FoundTable[]> {
  const rows = (await client.query(FIND)).rows as Row[];
  const found: FoundTable[] = [];
  for (const row of rows) {
    const table = await described(client, row);
    if (table) found.push(table);
  }
  return found;
}

async function described(client: Client, row: Row): Promise<FoundTable | undefined> {
  const { schema, name, table, columns, id } = row;
  if (!id || id.length === 0) return undefined;
  const state = stateOf(columns);
  const progress = state
    ? progressByState(columns, state, await valuesOf(client, row, state))
    : progressByMark(columns);
  if (!state && progress.ready === null) return undefined;
  return {
    ...{ schema, name, table, id, columns: columns.map((column) => column.name) },
    rows: row.rows < 0 ? null : Math.round(row.rows),
    payload: payloadOf(columns),
    stateColumn: state?.name ?? null,
    ...progress,
    ...guessColumns(columns, id),
  };
}

/** Empty where it would take long: then nobody knows, and the operator is asked. */
async function valuesOf(client: Client, { schema, name, table }: Row, column: Column): Promise<string[]> {
  if (!isText(column)) return [];
  if (column.labels) return column.labels;
  return someValues(client, { schema, relation: name, name: table }, column.name, MOST_STATES).catch(
    () => [],
  );
}
