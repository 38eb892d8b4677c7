import type { QueryConfig } from 'pg';
import {
  connectPostgres,
  type PostgresOptions,
  postgresLabel,
  sqlState,
  toSourceError,
} from '../../backends/postgres/index.ts';
import { QctlError } from '../../errors.ts';
import type { Depth } from '../source.ts';
import { readTable } from './catalog.ts';
import type { PostgresSpec } from './spec.ts';

/** What is needed to count: less than a drain needs. */
export type CountedTable = Pick<PostgresSpec, 'table' | 'ready'>;

/** The depth of a table, and where it stands. */
export interface TableDepth extends Depth {
  /** `postgres://host:5432/db public.alerts`, without a password. */
  label: string;
}

/**
 * Counts the ready rows and needs no more than SELECT on them: no id, no right to delete. The session
 * is read-only, so that no function in the condition can change anything.
 *
 * @param timeoutMs ends the count
 * @throws QctlError `source`, `auth`, or `config` where the table or the condition cannot be meant
 */
export async function tableDepth(
  options: PostgresOptions,
  counted: CountedTable,
  timeoutMs: number,
): Promise<TableDepth> {
  const client = await connectPostgres({ ...options, applicationName: 'qctl' });
  const server = postgresLabel(options);
  try {
    await client.query(
      `SET default_transaction_read_only = on; SET statement_timeout = ${Math.ceil(timeoutMs)}`,
    );
    const table = await readTable(client, counted);
    const where = counted.ready === undefined ? '' : `WHERE (${counted.ready})`;
    const text = `SELECT count(*)::float8 AS n FROM ${table.name} t ${where}`;
    // An extended query takes one statement only.
    const query: QueryConfig & { queryMode: string } = { text, queryMode: 'extended' };
    const { rows } = await client.query(query);
    return { ready: rows[0].n, inFlight: null, delayed: null, label: `${server} ${table.name}` };
  } catch (error) {
    throw badCondition(error, counted) ?? toSourceError(error, server, `count the rows of ${counted.table}`);
  } finally {
    await client.end().catch(() => undefined);
  }
}

/** Classes 42 (syntax, names) without 42501 (rights) and 42P01 (tables), and 22 (data). */
function badCondition(error: unknown, { table, ready }: CountedTable): QctlError | undefined {
  const state = sqlState(error);
  if (ready === undefined || !state || !/^(?:42|22)/.test(state) || state === '42501') return undefined;
  const why = error instanceof Error ? error.message : String(error);
  return new QctlError('config', `the condition does not fit table ${table}: ${why}`, {
    code: 'BAD_EXPRESSION',
    hint: ['ready is an SQL condition over one row', `ready: ${ready}`],
    cause: error,
  });
}
