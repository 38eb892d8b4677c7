import type { Client, QueryConfig } from 'pg';
import * as z from 'zod';
import {
  connectPostgres,
  type PostgresOptions,
  postgresLabel,
  toSourceError,
} from '../backends/postgres/index.ts';
import type { CheckValue } from '../checks/index.ts';
import { text } from '../config/schema.ts';
import { metric } from './metric.ts';
import { noScalar, scalarValue } from './scalar.ts';

/** `sql`. */
export const sql = metric({
  name: 'sql',
  schema: z.strictObject({ source: text.optional(), query: text }),
  unit: 'any',
  description:
    'the one value that a query gives, in a read-only transaction of a session of its own. Nothing where it gives no row',
  async measure({ source, query }, { doors, signal }) {
    const options = await doors.postgres(source);
    const label = postgresLabel(options);
    const client = await connectPostgres({ ...options, applicationName: 'qctl/check' });
    const cancel = (): void => void cancelQuery(options, client);
    signal.addEventListener('abort', cancel);
    try {
      return await askOne(client, query);
    } catch (error) {
      throw toSourceError(error, label, 'measure with a query');
    } finally {
      signal.removeEventListener('abort', cancel);
      await client.end().catch(() => undefined);
    }
  },
});

/** Nobody waits for longer: a check has a time of its own. */
const MOST_MS = 300_000;
const SETTINGS = `SET default_transaction_read_only = on; SET statement_timeout = ${MOST_MS}; SET lock_timeout = ${MOST_MS}`;

async function askOne(client: Client, text: string): Promise<CheckValue> {
  await client.query(SETTINGS);
  // An extended query takes one statement only.
  const query: QueryConfig & { queryMode: string; rowMode: 'array' } = {
    text,
    queryMode: 'extended',
    rowMode: 'array',
  };
  const { rows } = (await client.query(query)) as unknown as { rows?: unknown[][] };
  if (!rows || rows.length === 0) return null;
  const columns = rows[0]!.length;
  if (rows.length > 1 || columns !== 1) {
    throw noScalar(`the query gives ${rows.length} rows of ${columns} columns, expected one of one`);
  }
  return scalarValue(rows[0]![0], 'the query');
}

/** A query that nobody waits for any more would go on in the server. */
async function cancelQuery(options: PostgresOptions, client: Client): Promise<void> {
  const { processID } = client as unknown as { processID?: number | null };
  try {
    const other = await connectPostgres({ ...options, applicationName: 'qctl/check' });
    await other.query('SELECT pg_cancel_backend($1)', [processID]);
    await other.end();
  } catch {
    // The time limit of the session ends it, later.
  }
}
