import type { Client } from 'pg';
import { escapeIdentifier, escapeLiteral } from '../backends/postgres/index.ts';

/** A table that looks like a queue, and how it would be drained. */
export interface FoundTable {
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
  /** Condition of the rows to take; null where it cannot be guessed. */
  ready: string | null;
  /** What becomes of a row in place of its removal: `{ state: 'migrated' }` could be written there. */
  stateColumn: string | null;
  key: string | null;
  type: string | null;
  priority: string | null;
  attempts: string | null;
  enqueuedAt: string | null;
  notBefore: string | null;
}

interface Column {
  name: string;
  type: string;
  /** The most common values as an array's text; null where they are not known. */
  common: string[] | null;
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

const STATE = /^(?:[a-z]+_)?(?:state|status)$/;
const FLAG = /^(?:is_)?(?:processed|handled|done|sent|published|delivered|consumed|completed)$/;
const MOMENT = /^(?:processed|handled|done|sent|published|delivered|consumed|completed|finished)_(?:at|on)$/;

const FIND = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS name, c.reltuples::float8 AS rows,
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS "table",
         (SELECT array_agg(a.attname::text ORDER BY k.place)
            FROM pg_index i, unnest(i.indkey::int2[]) WITH ORDINALITY k(number, place)
            JOIN pg_attribute a ON a.attnum = k.number
           WHERE i.indrelid = c.oid AND i.indisprimary AND a.attrelid = c.oid) AS id,
         (SELECT json_agg(json_build_object('name', a.attname, 'type', format_type(a.atttypid, NULL),
                 'common', coalesce((SELECT to_json(s.most_common_vals::text::text[]) FROM pg_stats s
                    WHERE s.schemaname = n.nspname AND s.tablename = c.relname AND s.attname = a.attname
                      AND a.attname ~ '(state|status)$'),
                   (SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = a.atttypid)))
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
  const state = columns.find((column) => STATE.test(column.name));
  const ready = state ? await readyByState(client, table, state) : readyByMark(columns);
  if (!state && ready === null) return undefined;
  const one = (pattern: RegExp, type?: RegExp) =>
    columns.find((column) => pattern.test(column.name) && (!type || type.test(column.type)))?.name ?? null;
  return {
    ...{ schema, name, table, id, ready, columns: columns.map((column) => column.name) },
    rows: row.rows < 0 ? null : Math.round(row.rows),
    payload: payloadOf(columns),
    stateColumn: state?.name ?? null,
    key: columns.find(({ name: column }) => KEY.test(column) && !id.includes(column))?.name ?? null,
    type:
      columns.find((column) => /^(?:\w+_)?(?:type|kind)$/.test(column.name) && isText(column))?.name ?? null,
    priority: one(/^priority$/, /int|numeric/),
    attempts: one(/^(?:attempts?|retries|retry_count|tries)$/, /int/),
    enqueuedAt: one(/^(?:enqueued|created|inserted|queued)_(?:at|on)$/, /^(?:timestamp|date)/),
    notBefore: one(/^(?:run|scheduled|available|not_before|visible)_?(?:at|after|from)?$/, /^timestamp/),
  };
}

const KEY =
  /^(?:agent|tenant|customer|client|user|account|organi[sz]ation|org|order|device|session|conversation|group|entity)_id$/;
const BODIES = [
  'payload',
  'body',
  'data',
  'message',
  'content',
  'event',
  'args',
  'arguments',
  'params',
  'input',
];
const HOLDS_BODY = /^(?:jsonb?|text|bytea|character varying)/;

function payloadOf(columns: readonly Column[]): string | null {
  const fit = columns.filter(({ type }) => HOLDS_BODY.test(type));
  const named = BODIES.map((body) => fit.find(({ name }) => name === body || name.endsWith(`_${body}`)));
  return (named.find(Boolean) ?? fit.find(({ type }) => /^jsonb?$/.test(type)))?.name ?? null;
}

const READY = [
  'pending',
  'queued',
  'ready',
  'waiting',
  'enqueued',
  'new',
  'created',
  'open',
  'unprocessed',
  'todo',
  'available',
];

async function readyByState(client: Client, table: string, column: Column): Promise<string | null> {
  if (!isText(column)) return null;
  const { name, common } = column;
  const values = common ?? (await someValues(client, table, name));
  const ready = READY.flatMap((word) => values.filter((value) => value.toLowerCase() === word))[0];
  return ready === undefined ? null : `${identifier(name)} = ${escapeLiteral(ready)}`;
}

/** A text, or an enumeration: their types have any name. */
function isText({ type }: Column): boolean {
  return !/^(?:integer|smallint|bigint|numeric|real|double|bool|uuid|json|timestamp|date|time|bytea)/.test(
    type,
  );
}

/** Empty where it would take long: then nobody knows, and the operator is asked. */
async function someValues(client: Client, table: string, column: string): Promise<string[]> {
  const quoted = escapeIdentifier(column);
  const sql = `SELECT DISTINCT value FROM (SELECT ${quoted}::text AS value FROM ${table} LIMIT 1000) some WHERE value IS NOT NULL LIMIT 100`;
  return client.query(sql).then(
    ({ rows }) => (rows as { value: string }[]).map(({ value }) => value),
    () => [],
  );
}

function readyByMark(columns: readonly Column[]): string | null {
  const flag = columns.find(({ name, type }) => FLAG.test(name) && type === 'boolean');
  if (flag) return `NOT ${identifier(flag.name)}`;
  const moment = columns.find(({ name, type }) => MOMENT.test(name) && type.startsWith('timestamp'));
  return moment ? `${identifier(moment.name)} IS NULL` : null;
}

/** In quotes only where SQL needs them: it is read and edited by people. */
function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : escapeIdentifier(name);
}

const RESERVED = new Set(['end', 'order', 'user', 'group', 'table', 'when', 'check', 'default', 'primary']);
