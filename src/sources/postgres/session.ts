import type { Client } from 'pg';

const END_TIMEOUT_MS = 1000;

/** What every session of a drain relies on, whatever the role's or the database's own settings are. */
export const SESSION_SETTINGS = `
  SET client_encoding = 'UTF8'; SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres';
  SET extra_float_digits = 1; SET standard_conforming_strings = on; SET jit = off;
  SET synchronous_commit = on; SET statement_timeout = 0; SET lock_timeout = 0;
  SET idle_in_transaction_session_timeout = 0`;

/** A batch is a small piece of a large table in index order; statistics of a queue are too old to be asked. */
export const READER_SETTINGS = 'SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_sort = off';

/** Ends a session without waiting for a COPY that nobody reads any more. */
export async function endSession(client: Client): Promise<void> {
  const stream = (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream;
  const ended = client.end().catch(() => undefined);
  stream?.destroy();
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve, END_TIMEOUT_MS).unref())]);
}

/** Claiming looks rows up by their ids; whatever the statistics say, that must not read the whole table. */
export const CLAIMING_SETTINGS = `${READER_SETTINGS}; SET enable_hashjoin = off; SET enable_mergejoin = off`;
