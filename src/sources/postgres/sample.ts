import type { Client, QueryArrayConfig, QueryArrayResult } from 'pg';
import {
  connectPostgres,
  type PostgresOptions,
  postgresLabel,
  sqlState,
  toSourceError,
} from '../../backends/postgres/index.ts';
import { QctlError } from '../../errors.ts';
import { readTable } from './catalog.ts';
import { bytesOrText } from './expressions.ts';
import { endSession, SESSION_SETTINGS } from './session.ts';
import type { PostgresSpec } from './spec.ts';

/** What is needed to look at payloads: less than a drain needs. */
export type SampledTable = Pick<PostgresSpec, 'table' | 'payload' | 'ready'>;

/** A page holds about this much, so that payloads of 1 MB come a few at a time. */
const PAGE_BYTES = 2_000_000;
const FIRST_PAGE = 8;
const LARGEST_PAGE = 500;
const TIMEOUT_MS = 30_000;

/**
 * Payloads of ready rows, in no order, through a cursor in a transaction that can change nothing.
 *
 * @throws QctlError `source`, `auth`, or `config` where the table, the payload or the condition cannot be meant
 */
export async function sampleTable(
  options: PostgresOptions,
  sampled: SampledTable,
  limits: { count: number; bytes: number },
): Promise<Buffer[]> {
  const client = await connectPostgres({ ...options, applicationName: 'qctl load' });
  try {
    await open(client, sampled, limits.count);
    return await read(client, limits);
  } catch (error) {
    throw (
      badExpression(error, sampled) ??
      toSourceError(error, postgresLabel(options), `sample the rows of ${sampled.table}`)
    );
  } finally {
    await endSession(client);
  }
}

async function open(
  client: Client,
  { table: name, payload, ready }: SampledTable,
  count: number,
): Promise<void> {
  await client.query(
    `${SESSION_SETTINGS}; SET statement_timeout = ${TIMEOUT_MS}; SET default_transaction_read_only = on`,
  );
  const table = await readTable(client, { table: name });
  const where = ready === undefined ? '' : `WHERE (${ready})`;
  const text = `SELECT ${bytesOrText(payload, table, 't')} FROM ${table.name} t ${where} LIMIT ${count}`;
  await client.query('BEGIN READ ONLY');
  // In this mode the server takes one statement alone: nothing can follow behind a semicolon.
  const declare = { text: `DECLARE qctl_sample NO SCROLL CURSOR FOR ${text}`, queryMode: 'extended' };
  await client.query(declare);
}

async function read(client: Client, limits: { bytes: number }): Promise<Buffer[]> {
  const bodies: Buffer[] = [];
  let size = FIRST_PAGE;
  let bytes = 0;
  while (bytes < limits.bytes) {
    const { rows } = await fetchPage(client, size);
    // A row without a payload is none to send.
    const page = rows.flatMap(([cell]) => (cell === null ? [] : Buffer.from(cell as string)));
    bodies.push(...page);
    bytes += page.reduce((sum, { length }) => sum + length, 0);
    if (rows.length < size) break;
    const fits = Math.floor((PAGE_BYTES * bodies.length) / Math.max(1, bytes));
    size = Math.max(1, Math.min(size * 2, fits, LARGEST_PAGE));
  }
  return bodies;
}

function fetchPage(client: Client, size: number): Promise<QueryArrayResult> {
  const fetch: QueryArrayConfig = { text: `FETCH ${size} FROM qctl_sample`, rowMode: 'array' };
  return client.query(fetch);
}

/** Classes 42 (syntax, names) without 42501 (rights) and 42P01 (tables), and 22 (data). */
function badExpression(error: unknown, { table, payload, ready }: SampledTable): QctlError | undefined {
  const state = sqlState(error);
  if (!state || !/^(?:42|22)/.test(state) || state === '42501' || state === '42P01') return undefined;
  // What the server says of data quotes it.
  const why = state.startsWith('22')
    ? `a value cannot be read (SQLSTATE ${state})`
    : (error as Error).message;
  return new QctlError('config', `payload or ready does not fit table ${table}: ${why}`, {
    code: 'BAD_EXPRESSION',
    hint: [
      'both are SQL over one row',
      `payload: ${payload}`,
      ...(ready === undefined ? [] : [`ready: ${ready}`]),
    ],
    ...(state.startsWith('42') && { cause: error }),
  });
}
