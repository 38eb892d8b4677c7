import type { Client } from 'pg';
import type { LiveWorker } from './format.ts';
import { rowsIfAllowed } from './relations.ts';

interface SessionRow {
  pid: number;
  address: string | null;
  at: string | null;
}

/**
 * Sessions of this database that fulfil a condition over `pg_stat_activity`. What other users' sessions
 * do can be seen by members of pg_read_all_stats alone; their names by everybody.
 */
export async function sessionWorkers(client: Client, where: string, what: string): Promise<LiveWorker[]> {
  const rows = await rowsIfAllowed<SessionRow>(
    client,
    `SELECT pid, host(client_addr) AS address,
            to_char(state_change AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
       FROM pg_stat_activity
      WHERE datname = current_database() AND pid <> pg_backend_pid() AND (${where}) ORDER BY pid`,
  );
  return rows.map(({ pid, address, at }) => ({
    name: `${what} ${pid}${address === null ? '' : ` from ${address}`}`,
    seenAt: at,
  }));
}
