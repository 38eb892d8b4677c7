import type { OpenTable } from './open.ts';

/** The server of a table, as far as a drain is concerned with it. */
export interface ServerState {
  version: string;
  /** A standby, which nothing can be changed on. */
  standby: boolean;
  /** What sessions of this user begin with. */
  readOnly: boolean;
  maxConnections: number;
  /** Sessions of clients at present. */
  usedConnections: number;
  /** How many more this user may open now. */
  freeConnections: number;
  /** What sets that limit: `max_connections`, `role NAME` or `database NAME`. */
  limitedBy: string;
  /** Standbys and subscribers that stream from it; null where the user may not see them. */
  replicas: number | null;
  /** Its clock. */
  nowMs: number;
  /** Whether a connection pooler stands before it; null where that cannot be told. */
  pooler: boolean | null;
}

const SERVER = `
  SELECT current_setting('server_version') AS version, pg_is_in_recovery() AS standby,
         (SELECT reset_val = 'on' FROM pg_settings WHERE name = 'default_transaction_read_only') AS "readOnly",
         current_setting('max_connections')::int AS "maxConnections",
         CASE WHEN r.rolsuper THEN 0 ELSE current_setting('superuser_reserved_connections')::int
           + coalesce(current_setting('reserved_connections', true)::int, 0) END AS reserved,
         (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend') AS used,
         CASE WHEN r.rolsuper THEN -1 ELSE r.rolconnlimit END AS "roleLimit",
         (SELECT count(*)::int FROM pg_stat_activity WHERE usename = current_user) AS "usedByRole",
         CASE WHEN r.rolsuper THEN -1 ELSE d.datconnlimit END AS "databaseLimit",
         (SELECT count(*)::int FROM pg_stat_activity WHERE datname = current_database()) AS "usedByDatabase",
         current_user AS role, current_database() AS database, pg_backend_pid() AS pid,
         extract(epoch FROM clock_timestamp())::float8 * 1000 AS "nowMs",
         CASE WHEN r.rolsuper OR pg_has_role('pg_monitor', 'MEMBER')
              THEN (SELECT count(*)::int FROM pg_stat_replication) END AS replicas
    FROM pg_roles r, pg_database d WHERE r.rolname = current_user AND d.datname = current_database()`;

/** Asks the server; changes nothing. */
export async function serverState({ client }: Pick<OpenTable, 'client'>): Promise<ServerState> {
  const [row] = (await client.query(SERVER)).rows;
  const limits = [
    { limitedBy: 'max_connections', freeConnections: row.maxConnections - row.reserved - row.used },
    { limitedBy: `role ${row.role}`, freeConnections: free(row.roleLimit, row.usedByRole) },
    { limitedBy: `database ${row.database}`, freeConnections: free(row.databaseLimit, row.usedByDatabase) },
  ];
  const [tightest] = limits.sort((a, b) => a.freeConnections - b.freeConnections);
  // PostgreSQL tells each client the process of its session; a pooler tells a number of its own.
  const told = (client as unknown as { processID?: number | null }).processID;
  return {
    version: row.version,
    standby: row.standby,
    readOnly: row.readOnly,
    maxConnections: row.maxConnections,
    usedConnections: row.used,
    ...tightest!,
    replicas: row.replicas,
    nowMs: row.nowMs,
    pooler: typeof told === 'number' ? told !== row.pid : null,
  };
}

function free(limit: number, used: number): number {
  return limit < 0 ? Number.POSITIVE_INFINITY : limit - used;
}
