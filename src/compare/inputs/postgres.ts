import type { Client, QueryArrayConfig, QueryArrayResult } from 'pg';
import {
  connectPostgres,
  escapeIdentifier,
  postgresLabel,
  toSourceError,
} from '../../backends/postgres/index.ts';
import { QctlError } from '../../errors.ts';
import { shorten } from '../../model/shorten.ts';
import { endSession, SESSION_SETTINGS } from '../../sources/postgres/session.ts';
import { readValue, writeValue } from '../json.ts';
import type { CompareWork, PostgresInput } from '../request.ts';
import { valueReader } from './columns.ts';
import type { ReadRecord, SideReader } from './reader.ts';

/** A page holds about this much, so that bodies of 1 MB come a few at a time. */
const PAGE_BYTES = 2_000_000;
const FIRST_PAGE = 16;
const LARGEST_PAGE = 2000;
/** A lock that somebody else holds is not waited for in a queue that everybody behind it waits in as well. */
const LOCK_TIMEOUT = "SET lock_timeout = '5s'";

/** Reads rows through a cursor, in a transaction that can change nothing. */
export function postgresReader(input: PostgresInput, work: CompareWork): SideReader {
  const server = postgresLabel(input.connection);
  const what = input.query === undefined ? `table ${input.table}` : 'the query';
  return {
    label: `${server} ${input.query === undefined ? input.table : shorten(input.query)}`,
    decode: readValue,
    async *read() {
      const client = await connectPostgres({ ...input.connection, applicationName: 'qctl compare' });
      const stop = () => void endSession(client);
      work.signal.addEventListener('abort', stop);
      try {
        await open(client, input);
        yield* rowsOf(client, work);
      } catch (error) {
        // The signal ends even a query that has not given its first row.
        if (!work.signal.aborted) throw toSourceError(error, server, `read ${what}`);
      } finally {
        work.signal.removeEventListener('abort', stop);
        await endSession(client);
      }
    },
  };
}

async function open(client: Client, input: PostgresInput): Promise<void> {
  await client.query(`${SESSION_SETTINGS}; ${LOCK_TIMEOUT}; SET default_transaction_read_only = on`);
  const query = input.query ?? (await tableQuery(client, input));
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  // In this mode the server takes one statement alone: nothing can follow behind a semicolon.
  const declare = {
    text: `DECLARE qctl_compare NO SCROLL CURSOR FOR ${query.replace(/[\s;]+$/, '')}\n`,
    queryMode: 'extended',
  };
  await client.query(declare);
}

/** The server itself puts the name into quotes. */
async function tableQuery(client: Client, { table = '', columns }: PostgresInput): Promise<string> {
  const name = (await lookUp(client, table)) ?? (await lookUp(client, quoted(table)));
  if (name === undefined) {
    throw new QctlError('config', `table ${table} does not exist in database ${client.database}`, {
      code: 'TABLE_NOT_FOUND',
      hint: [
        'name it as in SQL, with its schema: public.results',
        'check that the user may see it: \\dt in psql',
      ],
      details: { table },
    });
  }
  return `SELECT ${columns?.map(escapeIdentifier).join(', ') ?? '*'} FROM ${name}`;
}

/** For who wrote `Results` and means "Results". */
function quoted(table: string): string {
  return table
    .split(/\.(.*)/s)
    .filter((part) => part !== '')
    .map(escapeIdentifier)
    .join('.');
}

async function lookUp(client: Client, table: string): Promise<string | undefined> {
  const found = await client
    .query<{ name: string | null }>('SELECT to_regclass($1)::text AS name', [table])
    .catch(() => undefined);
  return found?.rows[0]?.name ?? undefined;
}

async function* rowsOf(client: Client, { signal }: CompareWork): AsyncGenerator<ReadRecord[]> {
  let size = FIRST_PAGE;
  let row = 0;
  while (!signal.aborted) {
    const page = await fetchPage(client, size);
    const records = page.rows.map((cells): ReadRecord => {
      row += 1;
      const value = Object.fromEntries(page.fields.map(({ name }, at) => [name, cells[at] ?? null]));
      return { position: `row ${row}`, timeMs: null, text: Buffer.from(writeValue(value)), value };
    });
    if (records.length > 0) yield records;
    if (records.length < size) return;
    size = nextSize(size, records);
  }
}

function fetchPage(client: Client, size: number): Promise<QueryArrayResult> {
  const fetch: QueryArrayConfig = {
    text: `FETCH ${size} FROM qctl_compare`,
    rowMode: 'array',
    types: { getTypeParser: valueReader as never },
  };
  return client.query(fetch);
}

/** Doubles while pages stay small. */
function nextSize(size: number, records: readonly ReadRecord[]): number {
  const bytes = records.reduce((sum, { text }) => sum + text.length, 0);
  const fits = Math.floor(PAGE_BYTES / Math.max(1, bytes / records.length));
  return Math.max(1, Math.min(size * 2, fits, LARGEST_PAGE));
}
