import { escapeLiteral } from '../../../backends/postgres/index.ts';
import { formatDuration } from '../../../model/duration.ts';
import type { Finding } from '../../../model/finding.ts';
import type { OpenTable } from '../open.ts';

/** A session that sits in a transaction so long does no work meanwhile. */
const IDLE_SECONDS = 5;
/** A statement may take its time. */
const ACTIVE_SECONDS = 300;

const LONG = `
  SELECT pid, coalesce(nullif(application_name, ''), 'no name') AS name, usename AS "user", state,
         extract(epoch FROM clock_timestamp() - xact_start)::float8 * 1000 AS "ageMs"
    FROM pg_stat_activity
   WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
     AND CASE WHEN state LIKE 'idle in transaction%' THEN state_change < clock_timestamp() - interval '${IDLE_SECONDS} s'
              ELSE xact_start < clock_timestamp() - interval '${ACTIVE_SECONDS} s' END
   ORDER BY xact_start LIMIT 5`;

const PREPARED = `
  SELECT gid, owner, extract(epoch FROM clock_timestamp() - prepared)::float8 * 1000 AS "ageMs"
    FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 5`;

interface Long {
  pid: number;
  name: string;
  user: string;
  state: string;
  ageMs: number;
}

/** Transactions that have been open for long, and those that were prepared and left. */
export async function transactionFindings(open: OpenTable): Promise<Finding[]> {
  const { rows: long } = await open.client.query<Long>(LONG);
  const { rows: prepared } = await open.client.query<{ gid: string; owner: string; ageMs: number }>(PREPARED);
  return [
    ...long.map(longTransaction),
    ...prepared.map(
      ({ gid, owner, ageMs }): Finding => ({
        level: 'warning',
        code: 'PREPARED_TRANSACTION',
        text: `prepared transaction ${gid} of ${owner} has been waiting for its end for ${formatDuration(ageMs)}: what it holds stays locked, and no row that was deleted since can be cleared away`,
        remedy: `ROLLBACK PREPARED ${escapeLiteral(gid)}, or COMMIT PREPARED ${escapeLiteral(gid)}, as its coordinator says`,
      }),
    ),
  ];
}

function longTransaction({ pid, name, user, state, ageMs }: Long): Finding {
  return {
    level: 'warning',
    code: 'LONG_TRANSACTION',
    text: `session ${pid} (${name}, user ${user}) has a transaction open for ${formatDuration(ageMs)} and is ${state}: no row that was deleted since can be cleared away, and a copy waits for it`,
    remedy: `let it end, or SELECT pg_terminate_backend(${pid})`,
  };
}
