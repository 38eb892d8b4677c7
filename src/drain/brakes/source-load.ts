import type { Client, QueryConfig } from 'pg';
import { connectPostgres, type PostgresOptions } from '../../backends/postgres/index.ts';
import type { Probe, Reading } from './probe.ts';

const TIMEOUT_MS = 4000;
/** Read-only, so that no function in the query can change anything, and short. */
const SETTINGS = `SET default_transaction_read_only = on; SET statement_timeout = ${TIMEOUT_MS}; SET lock_timeout = ${TIMEOUT_MS}`;

/** A query over the source that gives one number or boolean: more than 0, or true, brakes. It has a session of its own. */
export function sourceLoadProbe(options: PostgresOptions, query: string): Probe {
  let client: Client | undefined;
  const close = async (): Promise<void> => {
    const open = client;
    client = undefined;
    await open?.end().catch(() => undefined);
  };
  return {
    brake: 'max-source-load',
    limit: query,
    look: async () => {
      try {
        client ??= await openSession(options);
        return judge(await ask(client, query));
      } catch (error) {
        void close();
        throw error;
      }
    },
    close,
  };
}

async function openSession(options: PostgresOptions): Promise<Client> {
  const client = await connectPostgres({ ...options, applicationName: 'qctl/load' });
  await client.query(SETTINGS);
  return client;
}

async function ask(client: Client, text: string): Promise<unknown[][]> {
  // An extended query takes one statement only.
  const query: QueryConfig & { queryMode: string; rowMode: 'array' } = {
    text,
    queryMode: 'extended',
    rowMode: 'array',
  };
  return (await client.query(query)).rows as unknown as unknown[][];
}

function judge(rows: unknown[][]): Reading {
  if (rows.length !== 1 || rows[0]!.length !== 1)
    throw new Error(
      `the query must give one row of one column, and gave ${rows.length} of ${rows[0]?.length ?? 0}`,
    );
  const value = toNumber(rows[0]![0]);
  const over = value > 0;
  const room = over ? 0 : Number.POSITIVE_INFINITY;
  return {
    value,
    over,
    calm: !over,
    room,
    reason: `the source is under load: its query gives ${String(rows[0]![0])}`,
  };
}

function toNumber(value: unknown): number {
  if (typeof value === 'boolean') return value ? 1 : 0;
  const number =
    typeof value === 'number' || (typeof value === 'string' && value.trim() !== '')
      ? Number(value)
      : Number.NaN;
  if (Number.isNaN(number))
    throw new Error(
      `the query must give a number or a boolean, and gave ${value === null ? 'NULL' : typeof value}`,
    );
  return number;
}
