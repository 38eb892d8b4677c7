import type { Client, QueryResult } from 'pg';
import {
  connectPostgres,
  type PostgresOptions,
  postgresLabel,
  toSourceError,
} from '../../backends/postgres/index.ts';
import type { StepWorld } from '../step.ts';

/** How long a step may wait for others that hold what it needs: who waits for a table keeps all others out of it. */
export interface SqlLimits {
  statementMs: number;
  lockMs: number;
}

/**
 * Works in one transaction, which is kept only where the work does not throw. Where the signal is given the
 * statement is cancelled at the server and nothing is kept.
 *
 * @param readOnly nothing is kept in any case, and the server refuses what would change anything
 * @throws QctlError of kind `source` or `auth`; what the work throws; the signal's reason
 */
export async function inTransaction<T>(
  options: PostgresOptions,
  limits: SqlLimits,
  world: StepWorld,
  work: (client: Client) => Promise<T>,
  readOnly = false,
): Promise<T> {
  const client = await connectPostgres(options);
  const cancel = (): void => void cancelled(options, client);
  world.signal.addEventListener('abort', cancel, { once: true });
  try {
    world.signal.throwIfAborted();
    await client.query(`BEGIN${readOnly ? ' READ ONLY' : ''}`);
    await client.query(
      `SET LOCAL statement_timeout = ${Math.ceil(limits.statementMs)}; SET LOCAL lock_timeout = ${Math.ceil(limits.lockMs)}`,
    );
    const result = await work(client);
    world.signal.throwIfAborted();
    await client.query(readOnly ? 'ROLLBACK' : 'COMMIT');
    return result;
  } catch (error) {
    world.signal.throwIfAborted();
    throw toSourceError(error, postgresLabel(options), 'run the SQL');
  } finally {
    world.signal.removeEventListener('abort', cancel);
    // Whatever is not committed is gone with the session.
    await client.end().catch(() => {});
  }
}

/** One text. Without values it may be several statements; the last one that counts rows does so for all. */
export async function runSql(client: Client, sql: string, values: unknown[]): Promise<QueryResult> {
  const result = (await (values.length > 0 ? client.query(sql, values) : client.query(sql))) as
    | QueryResult
    | QueryResult[];
  return Array.isArray(result)
    ? (result.findLast(({ rowCount }) => rowCount !== null) ?? result.at(-1)!)
    : result;
}

async function cancelled(options: PostgresOptions, client: Client): Promise<void> {
  const { processID } = client as unknown as { processID: number };
  const other = await connectPostgres(options).catch(() => undefined);
  await other?.query('SELECT pg_cancel_backend($1)', [processID]).catch(() => {});
  await other?.end().catch(() => {});
}
