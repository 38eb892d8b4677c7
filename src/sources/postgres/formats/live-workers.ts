import type { Client } from 'pg';
import type { LiveWorker } from './format.ts';
import { rowsIfAllowed } from './relations.ts';

/** Workers of a `SELECT … AS name, … AS at` (timestamptz or NULL); none where it may not be asked. */
export async function liveWorkers(client: Client, sql: string): Promise<LiveWorker[]> {
  const rows = await rowsIfAllowed<{ name: string; at: Date | null }>(client, sql);
  return rows.map(({ name, at }) => ({ name, seenAt: at?.toISOString() ?? null }));
}
