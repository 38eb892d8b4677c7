import type { Client } from 'pg';
import { formatDuration } from '../../../model/duration.ts';
import type { Finding } from '../../../model/finding.ts';
import { rowsIfAllowed } from '../../../sources/postgres/formats/relations.ts';

interface Holder {
  pid: number | null;
  name: string;
  mode: string;
  granted: boolean;
  ageMs: number | null;
}

/**
 * Locks that keep rows from being locked, deleted and updated. One that is waited for does as well:
 * whoever comes later queues up behind it.
 */
const STOPPING = `
  SELECT l.pid, coalesce(nullif(a.application_name, ''), a.backend_type, 'a prepared transaction') AS name, l.mode, l.granted,
         extract(epoch FROM clock_timestamp() - a.xact_start)::float8 * 1000 AS "ageMs"
    FROM pg_locks l LEFT JOIN pg_stat_activity a ON a.pid = l.pid
   WHERE l.locktype = 'relation' AND l.relation = to_regclass($1)::oid AND l.pid IS DISTINCT FROM pg_backend_pid()
     AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
     AND l.mode IN ('ShareLock', 'ShareRowExclusiveLock', 'ExclusiveLock', 'AccessExclusiveLock')
   ORDER BY l.granted DESC, a.xact_start LIMIT 5`;

/** Who keeps a drain waiting. Asked by the name, so that it answers while the table itself cannot be looked at. */
export async function lockFindings(client: Client, table: string): Promise<Finding[]> {
  const holders = await rowsIfAllowed<Holder>(client, STOPPING, [table]);
  return holders.map(({ pid, name, mode, granted, ageMs }) => {
    const who = pid === null ? name : `session ${pid} (${name})`;
    const since = ageMs === null ? '' : `, its transaction is ${formatDuration(ageMs)} old`;
    return {
      level: 'warning',
      code: 'TABLE_LOCKED',
      text: `${who} ${granted ? 'holds' : 'waits for'} ${mode} on ${table}${since}: a drain waits until that is over`,
      remedy:
        pid === null ? 'end the prepared transaction' : `let it end, or SELECT pg_terminate_backend(${pid})`,
    };
  });
}
