import { escapeIdentifier, escapeLiteral } from '../../backends/postgres/index.ts';
import type { TableFacts } from './catalog.ts';
import type { PostgresSpec, SetValue } from './spec.ts';

/** A lane takes the rows whose key (or id) hashes to it. */
export interface LaneFilter {
  lane: number;
  lanes: number;
}

/** The spec's text as SQL over the row `alias`: a column if there is one of that name, else the expression itself. */
export function expression(text: string, table: TableFacts, alias: string): string {
  return table.columns.has(text) ? `${alias}.${escapeIdentifier(text)}` : `(${text})`;
}

/** Name and SQL of each field of the default entry, in its order; everything is text but a bytea body. */
export function fieldExpressions(spec: PostgresSpec, table: TableFacts, alias: string): [string, string][] {
  const fields: [string, string][] = [
    ['id', idText(spec, table, alias)],
    ['body', payload(spec, table, alias)],
  ];
  for (const name of ['type', 'key', 'priority', 'attempts'] as const) {
    if (spec[name] !== undefined) fields.push([name, `${expression(spec[name], table, alias)}::text`]);
  }
  for (const name of ['enqueuedAt', 'notBefore'] as const) {
    if (spec[name] !== undefined) fields.push([name, timestamp(spec[name], table, alias)]);
  }
  for (const [name, source] of Object.entries(spec.attributes ?? {})) {
    fields.push([`attr.${name}`, bytesOrText(source, table, alias)]);
  }
  return fields;
}

/** A composite id is the JSON array of its parts as text. */
function idText(spec: PostgresSpec, table: TableFacts, alias: string): string {
  const parts = spec.id.map((name) => `${expression(name, table, alias)}::text`);
  return parts.length === 1 ? parts[0]! : `json_build_array(${parts.join(', ')})::text`;
}

function payload(spec: PostgresSpec, table: TableFacts, alias: string): string {
  return bytesOrText(spec.payload, table, alias);
}

/** A column or an expression as it is sent: bytes stay bytes, all else is text. */
export function bytesOrText(source: string, table: TableFacts, alias: string): string {
  const sql = expression(source, table, alias);
  return table.columns.get(source)?.type === 'bytea' ? sql : `${sql}::text`;
}

function timestamp(source: string, table: TableFacts, alias: string): string {
  const sql = expression(source, table, alias);
  const type = table.columns.get(source)?.type ?? '';
  const format = `'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'`;
  if (type.startsWith('timestamp') && type.endsWith('with time zone'))
    return `to_char(${sql} AT TIME ZONE 'UTC', ${format})`;
  if (type.startsWith('timestamp')) return `to_char(${sql}, ${format})`;
  return `${sql}::text`;
}

/** The conditions that a row must fulfil, without those of position. */
export function conditions(spec: PostgresSpec, table: TableFacts, filter?: LaneFilter): string[] {
  const where: string[] = [];
  if (spec.ready !== undefined) where.push(`(${spec.ready})`);
  if (spec.types !== undefined && spec.type !== undefined)
    where.push(`${expression(spec.type, table, 't')}::text IN (${spec.types.map(escapeLiteral).join(', ')})`);
  if (spec.before !== undefined && spec.enqueuedAt !== undefined)
    where.push(`${moment(spec.enqueuedAt, table)} < ${escapeLiteral(spec.before)}::timestamptz`);
  return [...where, ...laneCondition(spec, table, filter)];
}

/** A column of time as it stands, so that its index serves; anything else as a time. Over the alias `t`. */
export function moment(source: string, table: TableFacts): string {
  const sql = expression(source, table, 't');
  return /^(timestamp|date)/.test(table.columns.get(source)?.type ?? '') ? sql : `${sql}::timestamptz`;
}

/** The condition of one lane's rows; none where there is one lane only. */
export function laneCondition(spec: PostgresSpec, table: TableFacts, filter?: LaneFilter): string[] {
  if (!filter || filter.lanes <= 1) return [];
  // As a CASE the planner takes it for one row in two. As a bare equation it takes it for one in 200,
  // expects to read the whole table for one batch, and sorts it.
  return [
    `CASE WHEN (${laneHash(spec, table)} & 9223372036854775807) % ${filter.lanes} = ${filter.lane} THEN true ELSE false END`,
  ];
}

/**
 * Which lane a row belongs to must not depend on who reads it: a row that comes back after a crash is
 * then taken by the lane whose marker knows of it, and by no other.
 */
function laneHash(spec: PostgresSpec, table: TableFacts): string {
  const id = idText(spec, table, 't');
  if (spec.key !== undefined)
    return `hashtextextended(coalesce(${expression(spec.key, table, 't')}::text, ${id}), 0)`;
  const column = table.columns.get(spec.id[0]!);
  const whole = spec.id.length === 1 && ['bigint', 'integer', 'smallint'].includes(column?.type ?? '');
  return whole ? `hashint8extended(${expression(spec.id[0]!, table, 't')}, 0)` : `hashtextextended(${id}, 0)`;
}

export function whereClause(where: string[]): string {
  return where.length > 0 ? `WHERE ${where.join(' AND ')}` : '';
}

/** A value of a column as a literal of the column's own type. */
export function columnLiteral(value: string, table: TableFacts, column: string): string {
  return `${escapeLiteral(value)}::${table.columns.get(column)!.type}`;
}

/** `DELETE FROM table t` or `UPDATE table t SET …`, to be followed by FROM/USING and WHERE. */
export function doneClause(spec: PostgresSpec, table: TableFacts, also: Record<string, string> = {}): string {
  if (!('set' in spec.done)) return `DELETE FROM ${table.name} t`;
  const set = Object.entries(spec.done.set).map(([column, value]) => [column, setValue(value)]);
  return updateClause(table, { ...also, ...Object.fromEntries(set) });
}

/** `UPDATE table t SET …` with values that are SQL. */
export function updateClause(table: TableFacts, set: Record<string, string>): string {
  const assignments = Object.entries(set).map(([column, sql]) => `${escapeIdentifier(column)} = ${sql}`);
  return `UPDATE ${table.name} t SET ${assignments.join(', ')}`;
}

/** A value as SQL. */
export function setValue(value: SetValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'object') return `(${value.sql})`;
  return typeof value === 'string' ? escapeLiteral(value) : String(value);
}
