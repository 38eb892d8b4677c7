/** One node of `EXPLAIN (FORMAT JSON)`. */
export interface PlanNode {
  'Node Type': string;
  'Total Cost': number;
  'Plan Rows': number;
  Schema?: string;
  'Relation Name'?: string;
  Filter?: string;
  'Index Name'?: string;
  'Index Cond'?: string;
  'Parent Relationship'?: string;
  Plans?: PlanNode[];
}

/** What a plan reads of tables. Costs are those of a session with `seq_page_cost = 1`, so at least as many as pages. */
export interface PlanReads {
  /** Tables that are read from end to end, with the cost of it. */
  whole: { table: string; schema: string; relation: string; cost: number }[];
  /** Tables of which a part is looked up in an index. */
  indexed: { table: string; cost: number }[];
}

const INDEXED = ['Index Scan', 'Index Only Scan', 'Bitmap Heap Scan'];

/** Goes through a plan; the server's own tables do not count. */
export function readsOf(plan: PlanNode): PlanReads {
  const reads: PlanReads = { whole: [], indexed: [] };
  walk(plan, Number.POSITIVE_INFINITY, reads);
  return reads;
}

function walk(node: PlanNode, atMost: number, reads: PlanReads): void {
  const { Schema: schema, 'Relation Name': relation, 'Node Type': type, 'Total Cost': cost } = node;
  if (schema !== undefined && relation !== undefined && !isSystem(schema)) {
    const table = `${schema}.${relation}`;
    if (type === 'Seq Scan') reads.whole.push({ table, schema, relation, cost });
    // What stops early costs as much as is wanted of it, unless it is looked for.
    else if (INDEXED.includes(type))
      reads.indexed.push({ table, cost: node.Filter === undefined ? Math.min(cost, atMost) : cost });
  }
  const below =
    type === 'Limit' ? Math.min(cost, atMost) : passesOn(type) ? atMost : Number.POSITIVE_INFINITY;
  for (const child of node.Plans ?? []) walk(child, below, reads);
}

/** Whether a node asks the one below for no more rows than it is asked for itself. */
function passesOn(type: string): boolean {
  return ['Append', 'Merge Append', 'Result', 'Subquery Scan', 'LockRows'].includes(type);
}

function isSystem(schema: string): boolean {
  return schema === 'pg_catalog' || schema === 'information_schema' || schema.startsWith('pg_toast');
}
