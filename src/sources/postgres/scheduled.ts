import type { Client } from 'pg';
import { escapeIdentifier } from '../../backends/postgres/index.ts';
import { Now } from '../../model/due.ts';
import { rowCount, rowField } from '../../model/packed.ts';
import type { TableFacts } from './catalog.ts';
import { copyRows } from './copy-rows.ts';
import { conditions, fieldExpressions, whereClause } from './expressions.ts';
import type { PostgresSpec } from './spec.ts';

const PART_ROWS = 5000;
const PART_BYTES = 1024 * 1024;

/**
 * Counts the rows to be drained that are not due at `nowMs`, by the very rule by which they are put aside.
 * Where the time is a column of a time type the server sends those rows only, else the times of all rows.
 */
export async function countScheduled(
  client: Client,
  spec: PostgresSpec,
  table: TableFacts,
  nowMs: number,
): Promise<number> {
  const time = fieldExpressions(spec, table, 't').find(([name]) => name === 'notBefore')?.[1];
  if (time === undefined) return 0;
  const where = conditions(spec, table);
  const later = laterInSql(spec.notBefore!, table, nowMs);
  if (later !== undefined) where.push(later);
  const query = `SELECT ${time} FROM ${table.name} t ${whereClause(where)}`;
  const now = new Now(nowMs);
  const rows = copyRows(client, query, ['notBefore'], PART_ROWS, PART_BYTES);
  let count = 0;
  for (let part = await rows.next(); part; part = await rows.next()) {
    for (let i = 0; i < rowCount(part); i += 1) {
      const text = rowField(part, i, 0);
      if (text !== null && now.dueOf(text) !== undefined) count += 1;
    }
  }
  return count;
}

/** A condition that all later rows fulfil, for a column that has no zone as UTC. */
function laterInSql(column: string, table: TableFacts, nowMs: number): string | undefined {
  const type = table.columns.get(column)?.type ?? '';
  if (!type.startsWith('timestamp')) return undefined;
  const zone = type.endsWith('with time zone') ? '' : ` AT TIME ZONE 'UTC'`;
  return `t.${escapeIdentifier(column)} >= to_timestamp(${Math.floor(nowMs) / 1000})${zone}`;
}
