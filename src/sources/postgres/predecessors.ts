import type { Client } from 'pg';

const MINE = `application_name = current_setting('application_name') AND usename = current_user
     AND datname = current_database() AND pid <> pg_backend_pid()`;
const LOOK_MS = 20;

/** Ends the sessions of this lane's earlier holders: they can no longer write to the target, but may hold rows. */
export async function endPredecessors(client: Client): Promise<number> {
  const { rowCount } = await client.query(
    `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${MINE}`,
  );
  return rowCount ?? 0;
}

/** The same, and waits until they are gone: what they had under way is then committed or has never been. */
export async function outlivePredecessors(client: Client): Promise<void> {
  while ((await endPredecessors(client)) > 0) await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
}
