import type { Client } from 'pg';
import { rowsIfAllowed } from '../../sources/postgres/formats/relations.ts';
import type { OpenTable } from './open.ts';
import type { PlanNode } from './plan-cost.ts';
import type { States } from './states.ts';

/** Index by which the server can find ready rows without looking at others; null: none. Only planned, not run. */
export async function readyIndex(
  { client, table, spec }: OpenTable,
  { ready }: States,
): Promise<string | null> {
  if (spec.ready === undefined) return null;
  await client.query('SET enable_seqscan = off');
  try {
    const rows = await rowsIfAllowed<{ 'QUERY PLAN': [{ Plan: PlanNode }] }>(
      client,
      `EXPLAIN (FORMAT JSON) SELECT 1 FROM ${table.name} t WHERE ${ready}`,
    );
    const plan = rows[0]?.['QUERY PLAN'][0].Plan;
    const used = plan ? indexesOf(plan) : [];
    const byCondition = used.find((node) => node['Index Cond'] !== undefined)?.['Index Name'];
    const names = used.map((node) => node['Index Name']!);
    return byCondition ?? (await partialOf(client, table.schema, names));
  } finally {
    await client.query('RESET enable_seqscan');
  }
}

/** Those of the table itself: what a condition looks up elsewhere finds no rows of it. */
function indexesOf(node: PlanNode): PlanNode[] {
  const own = node['Index Name'] === undefined ? [] : [node];
  const below = (node.Plans ?? []).filter((child) => !isAside(child));
  return [...own, ...below.flatMap(indexesOf)];
}

function isAside(node: PlanNode): boolean {
  return ['SubPlan', 'InitPlan'].includes(node['Parent Relationship'] ?? '');
}

/** A partial index whose own condition is that of ready rows needs none besides. */
async function partialOf(client: Client, schema: string, names: string[]): Promise<string | null> {
  const { rows } = await client.query<{ name: string }>(
    `SELECT c.relname AS name FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
       JOIN pg_namespace n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = ANY($2) AND i.indpred IS NOT NULL`,
    [schema, names],
  );
  return rows[0]?.name ?? null;
}
