import { sqlState } from '../../backends/postgres/index.ts';
import type { Batch } from '../../model/batch.ts';
import type { Finding } from '../../model/finding.ts';
import { type PackedRows, rowCount } from '../../model/packed.ts';
import { orderOf } from '../../sources/postgres/candidate-sql.ts';
import { copyRows } from '../../sources/postgres/copy-rows.ts';
import { conditions, fieldExpressions, whereClause } from '../../sources/postgres/expressions.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import { rowsToMessages } from '../../sources/postgres/rows-batch.ts';
import type { Counts } from './counts.ts';
import { type Frames, thinned } from './frame.ts';
import type { OpenTable } from './open.ts';
import type { States } from './states.ts';

const MOST_ROWS = 20_000;
const MOST_BYTES = 16 * 1024 * 1024;
/** Read before all others, to see how large messages are. */
const FIRST_ROWS = 50;
const FIRST_BYTES = 4 * 1024 * 1024;
const PART_ROWS = 1000;
const PART_BYTES = 4 * 1024 * 1024;
/** Pages hold more rows or fewer. */
const LEEWAY = 1.5;
/** A value that an expression cannot be computed from. */
const BAD_DATA = '22';

/** A query of ready rows, by the expressions by which a drain reads them; names are those of the entry's fields. */
export interface RowsQuery {
  names: string[];
  /** At most so many rows. */
  text(limit: number): string;
}

/** Ready rows as a drain would read them. */
export interface Sample {
  batches: Batch[];
  rows: number;
  bytes: number;
  /** Where a row cannot be read at all. */
  findings: Finding[];
}

/** A part of the table in which at least so many ready rows are to be expected, from all over it: `FROM … WHERE …`. */
export function someReady(
  open: OpenTable,
  states: States,
  frames: Frames,
  counts: Counts,
): (limit: number) => string {
  const { readyIn, ready } = counts;
  const where = `WHERE ${states.ready}`;
  if (readyIn === 'index') return () => `FROM ${open.table.name} t ${where}`;
  return (limit) => {
    const expected = Math.max(1, (ready.value ?? 0) / readyIn.factor);
    return `${thinned(open, frames, readyIn, (LEEWAY * limit) / expected).from} ${where}`;
  };
}

/** How ready rows are read. */
export function readyRows(
  { spec, table }: Pick<OpenTable, 'spec' | 'table'>,
  from: (limit: number) => string,
): RowsQuery {
  const fields = fieldExpressions(spec, table, 't');
  const columns = fields.map(([, sql]) => sql).join(', ');
  return {
    names: fields.map(([name]) => name),
    text: (limit) => `SELECT ${columns} ${from(limit)} LIMIT ${limit}`,
  };
}

/** Ready rows in the order in which a drain takes them, as it reads them: for whoever measures how fast that is. */
export function rowsInOrder({ spec, table }: OpenTable): RowsQuery {
  const from = `FROM ${table.name} t ${whereClause(conditions(spec, table))} ORDER BY ${orderOf(spec)}`;
  return readyRows({ spec, table }, () => from);
}

/** Some ready rows, no more than fit into memory at ease. */
export async function sampleOf(
  open: OpenTable,
  query: RowsQuery,
  { rowBytes }: Frames,
  { ready }: Counts,
): Promise<Sample> {
  const few = Math.max(1, Math.min(FIRST_ROWS, Math.floor(FIRST_BYTES / Math.max(1, rowBytes))));
  try {
    const first = await readRows(open, query, few);
    if (first.rows === ready.value || first.bytes >= MOST_BYTES) return first;
    // Of few pages it may happen that they hold no ready row.
    const each = first.rows === 0 ? Math.max(1, rowBytes) : first.bytes / first.rows;
    const many = Math.max(1, Math.floor(MOST_BYTES / each));
    return many <= first.rows ? first : await readRows(open, query, Math.min(MOST_ROWS, many));
  } catch (error) {
    if (isNotKnown(error)) return NONE;
    if (!sqlState(error)?.startsWith(BAD_DATA)) throw error;
    return { ...NONE, findings: [expressionFails(open, error as Error)] };
  }
}

const NONE: Sample = { batches: [], rows: 0, bytes: 0, findings: [] };

/** Reads what a query gives, where it reads no more of the table than is bounded; else it fails with `NotCounted`. */
export async function readRows({ session }: OpenTable, query: RowsQuery, limit: number): Promise<Sample> {
  const text = query.text(limit);
  const parts = await session.allow(text, async (client) => {
    const rows = copyRows(client, text, query.names, PART_ROWS, PART_BYTES);
    const parts: PackedRows[] = [];
    for (let part = await rows.next(); part; part = await rows.next()) parts.push(part);
    return parts;
  });
  return sampled(parts, []);
}

function sampled(parts: PackedRows[], findings: Finding[]): Sample {
  const batches = parts.map(batchOf);
  const sum = (of: (batch: Batch) => number): number =>
    batches.reduce((total, batch) => total + of(batch), 0);
  return { batches, rows: sum(({ count }) => count), bytes: sum(({ bytes }) => bytes), findings };
}

/** As a drain would hand it out; nobody appends it under this mark. */
export function batchOf(rows: PackedRows): Batch {
  return {
    count: rowCount(rows),
    bytes: rows.data.length,
    rows,
    messages: () => rowsToMessages(rows),
    mark: { kind: 'ledger', deadlineMs: 0 },
  };
}

function expressionFails({ table }: OpenTable, { message }: Error): Finding {
  return {
    level: 'blocker',
    code: 'EXPRESSION_FAILS',
    text: `a ready row of ${table.name} cannot be read: ${message}`,
    remedy:
      'put such rows right, leave them out by --ready, or write the expression so that it is NULL for them',
  };
}
