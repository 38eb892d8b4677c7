import type { Client } from 'pg';
import { escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import { QctlError } from '../../../errors.ts';
import type { TableFacts } from '../../../sources/postgres/index.ts';

/** The table that remembers which entries have been given back. */
export interface Ledger {
  /** Quoted, with schema. */
  name: string;
  exists: boolean;
  /** What creates it. */
  ddl: string;
}

export const LEDGER_TABLE = 'qctl_returned';
const COLUMNS = ['stream', 'entry_id', 'message_id', 'digest', 'run', 'outcome', 'returned_at'];

const FIND = `
  SELECT quote_ident(n.nspname) || '.' || quote_ident(c.relname) AS name, c.relkind AS kind,
         c.relpersistence = 'u' AS unlogged,
         array_agg(a.attname::text) FILTER (WHERE a.attnum > 0) AS columns
    FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace JOIN pg_attribute a ON a.attrelid = c.oid
   WHERE c.oid = to_regclass($1) GROUP BY 1, 2, 3`;

const NAME = `
  SELECT CASE WHEN cardinality(p) = 1 THEN quote_ident(coalesce(current_schema(), 'public')) || '.' || quote_ident(p[1])
              ELSE quote_ident(p[1]) || '.' || quote_ident(p[2]) END AS name, cardinality(p) AS parts
    FROM parse_ident($1) AS p`;

/** Finds the ledger, or says how it would be made. Changes nothing. */
export async function findLedger(
  client: Client,
  table: TableFacts,
  asked: string | undefined,
): Promise<Ledger> {
  const wanted = asked ?? `${quote(table.schema)}.${quote(LEDGER_TABLE)}`;
  const [named] = (await client.query(NAME, [wanted]).catch((cause) => badName(wanted, cause))).rows;
  if (named.parts > 2) badName(wanted);
  const [found] = (await client.query(FIND, [wanted])).rows;
  const name: string = found?.name ?? named.name;
  if (found) refuseOther(name, found);
  return { name, exists: found !== undefined, ddl: ddlOf(name) };
}

function badName(text: string, cause?: unknown): never {
  throw new QctlError('usage', `--ledger-table ${text} is no name of a table`, {
    code: 'BAD_LEDGER_TABLE',
    hint: ['name it as in SQL: qctl_returned, ops.qctl_returned, "My Schema".returned'],
    cause,
  });
}

function refuseOther(name: string, found: { kind: string; unlogged: boolean; columns: string[] }): void {
  const missing = COLUMNS.filter((column) => !found.columns.includes(column));
  if (found.kind === 'r' && missing.length === 0 && !found.unlogged) return;
  const why = found.unlogged ? 'is UNLOGGED: a crash would empty it' : 'is no ledger that qctl made';
  throw new QctlError('refused', `${name} ${why}`, {
    code: 'LEDGER_UNFIT',
    hint: [
      'name another table with --ledger-table',
      ...(missing.length > 0 ? [`it has no column ${missing.join(', ')}`] : []),
    ],
  });
}

function ddlOf(name: string): string {
  return `CREATE TABLE IF NOT EXISTS ${name} (
  stream text NOT NULL, entry_id text NOT NULL, message_id text, digest text NOT NULL, run text NOT NULL,
  outcome text NOT NULL, returned_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (stream, entry_id))`;
}

/** Makes it. Throws `auth` with the statement where the user may not. */
export async function createLedger(client: Client, ledger: Ledger): Promise<void> {
  if (ledger.exists) return;
  // Two processes may make it at once: CREATE TABLE IF NOT EXISTS alone may fail then.
  await client.query('BEGIN');
  try {
    await client.query(`SELECT pg_advisory_xact_lock(hashtextextended('qctl ledger', 0))`);
    await client.query(ledger.ddl);
    await client.query('COMMIT');
  } catch (cause) {
    await client.query('ROLLBACK').catch(() => undefined);
    if ((cause as { code?: string }).code !== '42501') throw cause;
    throw new QctlError('auth', `the ledger ${ledger.name} cannot be made: ${(cause as Error).message}`, {
      code: 'LEDGER_NOT_ALLOWED',
      hint: [
        'let the owner of the database run this, and grant SELECT, INSERT, UPDATE, DELETE on it:',
        ledger.ddl.replace(/\s+/g, ' '),
        'or name a table elsewhere with --ledger-table',
      ],
      cause,
    });
  }
}
