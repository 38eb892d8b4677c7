import type { Finding } from '../../../model/finding.ts';
import { rowsIfAllowed } from '../../../sources/postgres/formats/relations.ts';
import type { OpenTable } from '../open.ts';

/** Sessions that have rows of the table locked or written, or whose last statement names it. */
const AT_WORK = `
  SELECT a.pid, coalesce(nullif(a.application_name, ''), 'no name') AS name, a.state
    FROM pg_stat_activity a
   WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() AND a.backend_type = 'client backend'
     AND a.application_name NOT LIKE 'qctl%'
     AND (EXISTS (SELECT 1 FROM pg_locks l WHERE l.pid = a.pid AND l.relation = $1::oid AND l.granted
                     AND l.mode IN ('RowShareLock', 'RowExclusiveLock'))
          OR a.query ~* ('\\m(?:select|update|delete|insert|with)\\M.*\\m' || $2 || '\\M'))
   ORDER BY a.pid LIMIT 20`;

/** A session that works on the table, or has lately. */
export interface TableSession {
  pid: number;
  name: string;
  state: string | null;
}

/** What other users' sessions do can be seen by members of pg_read_all_stats alone. */
export function sessionsOn({ client, table }: OpenTable): Promise<TableSession[]> {
  const word = table.relation.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return rowsIfAllowed<TableSession>(client, AT_WORK, [table.oid, word]);
}

/** Of a table that is nobody's format; the workers of those are known. */
export function sessionFindings({ table, spec, known }: OpenTable, sessions: TableSession[]): Finding[] {
  if (sessions.length === 0 || known) return [];
  const names = sessions
    .slice(0, 5)
    .map(({ pid, name, state }) => `${pid} (${name}, ${state ?? 'state unknown'})`);
  const more = sessions.length > names.length ? ', …' : '';
  const locked = spec.mode === 'move' && !spec.claim;
  return [
    {
      level: 'note',
      code: 'OTHER_SESSIONS',
      text: `other sessions are or were lately at work on ${table.name}: ${names.join(', ')}${more}; messages that they take do not reach the stream`,
      remedy: locked
        ? 'stop the workers of the table before the drain, or name a column for claims with --claim-column'
        : 'stop the workers of the table before the drain',
    },
  ];
}
