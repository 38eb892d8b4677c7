import type { Client } from 'pg';
import { QctlError } from '../../errors.ts';
import type { PostgresSpec } from './spec.ts';

/** One column as the catalogue knows it. `type` is ready to be used in a cast. */
export interface Column {
  name: string;
  type: string;
  notNull: boolean;
}

/** What the drain must know of the table before it builds SQL. */
export interface TableFacts {
  /** Quoted, with schema. */
  name: string;
  oid: number;
  schema: string;
  relation: string;
  partitioned: boolean;
  unlogged: boolean;
  columns: Map<string, Column>;
  /** Column sets of valid, complete unique indexes. */
  uniqueSets: string[][];
  /** Sequences behind the columns that hand out more than one number at a time. */
  cachedSequences: string[];
  estimatedRows: number;
  averageRowBytes: number;
  /** Names the database for good: system identifier and database, or host and database. */
  database: string;
  serverVersion: number;
}

const FIND = `
  SELECT c.oid::int8 AS oid, n.nspname AS schema, c.relname AS relation, c.relkind AS kind,
         c.relpersistence = 'u' AS unlogged, greatest(c.reltuples, 0)::float8 AS rows,
         pg_table_size(c.oid)::float8 AS bytes,
         quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name,
         EXISTS (SELECT 1 FROM pg_inherits WHERE inhparent = c.oid) AS parent,
         current_setting('server_version_num')::int AS version, current_database() AS database
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
   WHERE c.oid = $1::oid`;

const COLUMNS = `
  SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type, a.attnotnull AS "notNull"
    FROM pg_attribute a WHERE a.attrelid = $1::oid AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`;

const UNIQUE = `
  SELECT array_agg(a.attname::text) AS columns
    FROM pg_index i, unnest(i.indkey::int2[]) k(n) JOIN pg_attribute a ON a.attnum = k.n
   WHERE i.indrelid = $1::oid AND a.attrelid = $1::oid AND i.indisunique AND i.indisvalid
     AND i.indpred IS NULL AND i.indexprs IS NULL
   GROUP BY i.indexrelid`;

const CACHED = `
  SELECT s.seqrelid::regclass::text AS name
    FROM pg_sequence s JOIN pg_depend d ON d.objid = s.seqrelid AND d.classid = 'pg_class'::regclass
   WHERE d.refobjid = $1::oid AND s.seqcache > 1`;

/** Reads what the catalogue says of the spec's table; QctlError `config` where it does not fit. */
export async function readTable(client: Client, spec: Pick<PostgresSpec, 'table'>): Promise<TableFacts> {
  const oid = await findTable(client, spec.table);
  const [found] = (await client.query(FIND, [oid])).rows;
  if (!['r', 'p'].includes(found.kind)) throw notATable(spec.table, found.kind);
  const columns = (await client.query(COLUMNS, [oid])).rows as Column[];
  return {
    name: found.name,
    oid: Number(found.oid),
    schema: found.schema,
    relation: found.relation,
    partitioned: found.kind === 'p' || found.parent,
    unlogged: found.unlogged,
    columns: new Map(columns.map((column) => [column.name, column])),
    uniqueSets: (await client.query(UNIQUE, [oid])).rows.map((row) => row.columns),
    cachedSequences: (await client.query(CACHED, [oid])).rows.map((row) => row.name),
    estimatedRows: found.rows,
    averageRowBytes: found.rows > 0 ? found.bytes / found.rows : 0,
    database: `${await systemIdentifier(client)}/${found.database}`,
    serverVersion: found.version,
  };
}

/** SQL spelling first (folding case, quotes); then the very name, for who wrote `Jobs` and means "Jobs". */
async function findTable(client: Client, table: string): Promise<string> {
  const bySql = await client
    .query('SELECT to_regclass($1)::oid::int8 AS oid', [table])
    .catch(() => undefined);
  const oid = bySql?.rows[0]?.oid;
  if (oid) return oid;
  const [schema, relation] = table.includes('.') ? table.split(/\.(.*)/s) : [null, table];
  const exact = await client.query(
    `SELECT c.oid::int8 AS oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE c.relname = $2 AND ($1::text IS NULL AND pg_table_is_visible(c.oid) OR n.nspname = $1)`,
    [schema, relation],
  );
  if (exact.rows[0]) return exact.rows[0].oid;
  throw new QctlError('config', `table ${table} does not exist in database ${client.database}`, {
    code: 'TABLE_NOT_FOUND',
    hint: [
      'name it as in SQL, with its schema: public.alerts',
      'check that the user may see it: \\dt in psql',
    ],
  });
}

function notATable(table: string, kind: string): QctlError {
  const what =
    { v: 'a view', m: 'a materialised view', f: 'a foreign table', i: 'an index', S: 'a sequence' }[kind] ??
    'no table';
  return new QctlError('config', `${table} is ${what}; only tables can be drained`, {
    code: 'NOT_A_TABLE',
    hint: ['name the table that holds the rows'],
  });
}

async function systemIdentifier(client: Client): Promise<string> {
  try {
    return (await client.query('SELECT system_identifier::text AS id FROM pg_control_system()')).rows[0].id;
  } catch {
    // Not every managed server lets an ordinary user ask; then the address has to do.
    return `${client.host}:${client.port}`;
  }
}
