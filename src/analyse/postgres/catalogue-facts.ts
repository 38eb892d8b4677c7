import type { OpenTable } from './open.ts';

/** What the catalogue says besides what a drain must know. */
export interface CatalogueFacts {
  triggers: string[];
  privileges: string[];
}

const FACTS = `
  SELECT ARRAY(SELECT tgname::text FROM pg_trigger WHERE tgrelid = $1::oid AND NOT tgisinternal AND tgenabled <> 'D' ORDER BY 1) AS triggers,
         ARRAY(SELECT p FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) p WHERE has_table_privilege($1::oid, p)) AS privileges`;

/** Asks the catalogue; reads nothing of the table itself. */
export async function catalogueFacts({ client, table }: OpenTable): Promise<CatalogueFacts> {
  return (await client.query<CatalogueFacts>(FACTS, [table.oid])).rows[0]!;
}
