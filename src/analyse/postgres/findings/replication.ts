import type { Finding } from '../../../model/finding.ts';
import { rowsIfAllowed } from '../../../sources/postgres/formats/relations.ts';
import type { OpenTable } from '../open.ts';

/** A publication that the table is in, and what of it is replicated. */
export interface Publication {
  name: string;
  updates: boolean;
  deletes: boolean;
}

/** Publications of the table. */
export function publicationsOf({ client, table }: OpenTable): Promise<Publication[]> {
  return rowsIfAllowed<Publication>(
    client,
    `SELECT p.pubname AS name, p.pubupdate AS updates, p.pubdelete AS deletes
       FROM pg_publication_tables t JOIN pg_publication p ON p.pubname = t.pubname
      WHERE t.schemaname = $1 AND t.tablename = $2 ORDER BY 1`,
    [table.schema, table.relation],
  );
}

/** What logical replication has to do with rows that a drain lets go of. */
export async function replicationFindings(open: OpenTable, publications: Publication[]): Promise<Finding[]> {
  const { spec, table } = open;
  if (spec.mode === 'copy') return [];
  const updates = 'set' in spec.done || spec.claim !== undefined;
  const concerned = publications.filter(
    (one) => (updates && one.updates) || (!('set' in spec.done) && one.deletes),
  );
  if (concerned.length === 0) return [];
  const names = concerned.map(({ name }) => name).join(', ');
  const findings: Finding[] = [
    {
      level: 'note',
      code: 'PUBLISHED',
      text: `publication ${names} replicates what the drain does to rows of ${table.name}: they change or vanish at its subscribers as well`,
      remedy: `where that is not wanted: ALTER PUBLICATION ${concerned[0]!.name} DROP TABLE ${table.name}`,
    },
  ];
  if (!(await hasIdentity(open)))
    findings.push({
      level: 'blocker',
      code: 'REPLICA_IDENTITY_MISSING',
      text: `${table.name} is in publication ${names} and has no replica identity: PostgreSQL refuses to delete or update its rows`,
      remedy: `ALTER TABLE ${table.name} REPLICA IDENTITY FULL, or USING INDEX with a unique index of NOT NULL columns`,
    });
  return findings;
}

async function hasIdentity({ client, table }: OpenTable): Promise<boolean> {
  const { rows } = await client.query<{ ok: boolean }>(
    `SELECT CASE c.relreplident WHEN 'f' THEN true WHEN 'n' THEN false
              ELSE EXISTS (SELECT 1 FROM pg_index i WHERE i.indrelid = c.oid AND i.indisvalid
                              AND CASE c.relreplident WHEN 'i' THEN i.indisreplident ELSE i.indisprimary END) END AS ok
       FROM pg_class c WHERE c.oid = $1::oid`,
    [table.oid],
  );
  return rows[0]!.ok;
}
