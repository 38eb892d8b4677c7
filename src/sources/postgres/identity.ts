import type { Client } from 'pg';

/** Which table it is, and which files it stands in. */
export interface TableIdentity {
  /** Null: there is no table of that name (any more). */
  oid: number | null;
  /** Its files and those of its partitions: TRUNCATE gives new ones, and so do VACUUM FULL and CLUSTER. */
  files: string;
}

const IDENTITY = `
  WITH RECURSIVE parts (oid) AS (
    SELECT to_regclass($1)::oid
    UNION SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid)
  SELECT to_regclass($1)::oid::int8 AS oid,
         (SELECT coalesce(string_agg(pg_relation_filenode(oid)::text, ',' ORDER BY oid), '') FROM parts) AS files`;

/** Asks the catalogue; locks nothing. `name` is quoted, with schema. */
export async function tableIdentity(client: Client, name: string): Promise<TableIdentity> {
  const { rows } = await client.query(IDENTITY, [name]);
  return { oid: rows[0].oid === null ? null : Number(rows[0].oid), files: rows[0].files };
}
