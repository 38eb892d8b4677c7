import { escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import type { DrainSettings } from '../../../drain/index.ts';
import type { Finding } from '../../../model/finding.ts';
import type { OpenTable } from '../open.ts';
import type { ServerState } from '../server.ts';

/** Sessions of a drain besides one for each lane: its own, one that listens, one that counts. */
const OTHER_SESSIONS = 3;

/** What speaks against the server, whatever the table. */
export async function serverFindings(
  open: OpenTable,
  server: ServerState,
  { workers }: DrainSettings,
): Promise<Finding[]> {
  return [...(await changeFindings(open, server)), ...connectionFindings(server, workers + OTHER_SESSIONS)];
}

async function changeFindings(open: OpenTable, { standby, readOnly }: ServerState): Promise<Finding[]> {
  if (open.spec.mode === 'copy') return [];
  if (standby)
    return [
      {
        level: 'blocker',
        code: 'SOURCE_IS_STANDBY',
        text: 'the server is a standby: nothing can be deleted or marked there',
        remedy: 'connect to the primary, or SELECT pg_promote() where this is to become it',
      },
    ];
  if (!readOnly) return [];
  return [
    {
      level: 'blocker',
      code: 'SOURCE_READ_ONLY',
      text: 'sessions of this user begin read-only (default_transaction_read_only = on): nothing can be deleted or marked',
      remedy: await writable(open),
    },
  ];
}

const SET_BY = `
  SELECT coalesce(r.rolname, '') AS role, coalesce(d.datname, '') AS database
    FROM pg_db_role_setting s LEFT JOIN pg_roles r ON r.oid = s.setrole LEFT JOIN pg_database d ON d.oid = s.setdatabase
   WHERE s.setconfig::text ~ 'default_transaction_read_only=(on|true|yes|1)'
     AND (s.setrole = 0 OR r.rolname = current_user) AND (s.setdatabase = 0 OR d.datname = current_database())`;

/** Settings of a role in a database go before those of the role, of the database and of the server. */
async function writable({ client }: OpenTable): Promise<string> {
  const { rows } = await client.query<{ role: string; database: string }>(SET_BY);
  if (rows.length === 0)
    return 'ALTER SYSTEM RESET default_transaction_read_only, then SELECT pg_reload_conf()';
  const commands = rows.map(({ role, database }) => {
    if (role === '') return `ALTER DATABASE ${quote(database)} RESET default_transaction_read_only`;
    const within = database === '' ? '' : ` IN DATABASE ${quote(database)}`;
    return `ALTER ROLE ${quote(role)}${within} RESET default_transaction_read_only`;
  });
  return commands.join('; ');
}

function connectionFindings(server: ServerState, needed: number): Finding[] {
  const { freeConnections, limitedBy } = server;
  if (freeConnections >= needed) return [];
  const [kind, name] = limitedBy.split(' ', 2);
  const remedy =
    name === undefined
      ? 'close other sessions, raise max_connections (the server must be restarted), or drain with fewer --workers'
      : `ALTER ${kind!.toUpperCase()} ${quote(name)} CONNECTION LIMIT -1, close other sessions, or drain with fewer --workers`;
  return [
    {
      level: 'warning',
      code: 'CONNECTIONS_NEAR_LIMIT',
      text: `${Math.max(0, freeConnections)} more sessions can be opened (${limitedBy}), and the drain opens up to ${needed}`,
      remedy,
    },
  ];
}
