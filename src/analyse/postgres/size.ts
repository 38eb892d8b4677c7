import type { OpenTable } from './open.ts';

/** How large a table is, over all its partitions, and what PostgreSQL has counted of it. */
export interface TableSize {
  pages: number;
  heapBytes: number;
  indexBytes: number;
  toastBytes: number;
  /** Null where the server has no statistics of it. */
  liveRows: number | null;
  deadRows: number | null;
  /** Rows when it was last analysed; null where that is not known, or more than a part of them has changed since. */
  analysedRows: number | null;
  /** Since the statistics were reset. */
  inserted: number | null;
  updated: number | null;
  deleted: number | null;
  /** RFC 3339; null: never, as far as is known. */
  lastVacuumAt: string | null;
  lastAnalyzeAt: string | null;
  /** Whether the planner knows nothing of it: some part was never vacuumed and never analysed. */
  neverAnalysed: boolean;
}

/** The table and what it is partitioned into, as `parts (oid)`; `$1` is its oid. */
export const PARTS = `
  WITH RECURSIVE parts (oid) AS (
    SELECT $1::oid UNION SELECT i.inhrelid FROM pg_inherits i JOIN parts p ON i.inhparent = p.oid)`;

const AT = `'YYYY-MM-DD"T"HH24:MI:SS"Z"'`;

/** As autovacuum goes by. */
const STALE_SHARE = 0.1;

const SIZE = `${PARTS}
  SELECT sum(pg_relation_size(c.oid))::float8 AS "heapBytes", sum(pg_indexes_size(c.oid))::float8 AS "indexBytes",
         ceil(sum(pg_relation_size(c.oid)) / current_setting('block_size')::numeric)::float8 AS pages,
         coalesce(sum(pg_total_relation_size(c.reltoastrelid)) FILTER (WHERE c.reltoastrelid <> 0), 0)::float8 AS "toastBytes",
         CASE WHEN coalesce(bool_and(c.reltuples >= 0 AND s.n_mod_since_analyze <= c.reltuples * ${STALE_SHARE}) FILTER (WHERE c.relkind = 'r'), false)
              THEN sum(c.reltuples) FILTER (WHERE c.relkind = 'r')::float8 END AS "analysedRows",
         sum(s.n_live_tup)::float8 AS "liveRows", sum(s.n_dead_tup)::float8 AS "deadRows",
         sum(s.n_tup_ins)::float8 AS inserted, sum(s.n_tup_upd)::float8 AS updated, sum(s.n_tup_del)::float8 AS deleted,
         to_char(max(greatest(s.last_vacuum, s.last_autovacuum)) AT TIME ZONE 'UTC', ${AT}) AS "lastVacuumAt",
         to_char(max(greatest(s.last_analyze, s.last_autoanalyze)) AT TIME ZONE 'UTC', ${AT}) AS "lastAnalyzeAt",
         coalesce(bool_or(c.relkind = 'r' AND c.relpages = 0 AND pg_relation_size(c.oid) > 0), false) AS "neverAnalysed"
    FROM parts JOIN pg_class c USING (oid) LEFT JOIN pg_stat_user_tables s ON s.relid = c.oid`;

/** Asks the catalogue and the statistics; reads nothing of the table itself. */
export async function tableSize({ client, table }: OpenTable): Promise<TableSize> {
  return (await client.query<TableSize>(SIZE, [table.oid])).rows[0]!;
}

/** What the table's rows take on disk, those put out of line as well. */
export function rowsBytes({ heapBytes, toastBytes }: TableSize): number {
  return heapBytes + toastBytes;
}
