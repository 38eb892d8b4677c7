import { escapeLiteral, escapeIdentifier as quote } from '../../backends/postgres/index.ts';
import type { TableFacts } from './catalog.ts';
import { conditions, expression, fieldExpressions, type LaneFilter, whereClause } from './expressions.ts';
import type { PostgresSpec } from './spec.ts';

/** How the candidates of a lane are listed. */
export interface CandidateStatement {
  /** Names of the entry's fields, where they are read as well; rows carry id, relation, place, key, single and version behind them. */
  fields: string[];
  /** Where the candidate's own columns begin. */
  at: number;
  /** The first ready rows, in order, without those of some keys. */
  query(limit: number | undefined, without: string[]): string;
}

/** Builds it. A filter looks into the fields; nothing else needs them. */
export function candidateStatement(
  spec: PostgresSpec,
  table: TableFacts,
  filter?: LaneFilter,
): CandidateStatement {
  const text = (sql: string | undefined): string =>
    sql === undefined ? 'NULL::text' : `${expression(sql, table, 't')}::text`;
  const fields = spec.filter === undefined ? [] : fieldExpressions(spec, table, 't');
  const columns = [
    ...fields.map(([, sql]) => sql),
    ...located(spec),
    text(spec.key),
    text(spec.claim?.single),
    spec.filter === undefined ? 'NULL::text' : rowVersion('t'),
  ];
  const ready = conditions(spec, table, filter);
  return {
    fields: fields.map(([name]) => name),
    at: fields.length,
    query: (limit, without) => {
      const where = whereClause([...ready, ...notOf(spec, table, without)]);
      const most = limit === undefined ? '' : ` LIMIT ${limit}`;
      return `SELECT ${columns.join(', ')} FROM ${table.name} t ${where} ORDER BY ${orderOf(spec)}${most}`;
    },
  };
}

/** The order in which rows are taken, over the alias `t`. */
export function orderOf(spec: PostgresSpec): string {
  return spec.rank ?? (spec.order ?? spec.id).map((name) => `t.${quote(name)}`).join(', ');
}

/** Names one state of one row: whoever updates the row changes it. */
function rowVersion(alias: string): string {
  return `${alias}.ctid::text || ' ' || ${alias}.xmin::text`;
}

function notOf(spec: PostgresSpec, table: TableFacts, keys: string[]): string[] {
  if (keys.length === 0 || spec.key === undefined) return [];
  const key = `${expression(spec.key, table, 't')}::text`;
  return [`(${key} IS NULL OR ${key} <> ALL(${arrayLiteral(keys)}::text[]))`];
}

/** Id, relation and place of a row, as text. */
export function located(spec: PostgresSpec): [id: string, relation: string, place: string] {
  return [`t.${quote(spec.id[0]!)}::text`, 't.tableoid::int8::text', 't.ctid::text'];
}

/** The condition that finds one row of `qctl_seen` again where it stood. */
export function standing(spec: PostgresSpec): string {
  return `t.ctid = qctl_place AND t.tableoid = qctl_relation AND t.${quote(spec.id[0]!)} = qctl_at`;
}

/** SQL of arrays: of text, and of bool for `free`; NULL where they do not matter. */
export interface Lists {
  ids: string;
  relations: string;
  places: string;
  keys?: string;
  versions?: string;
  free?: string;
}

/** Rows `qctl_at`, `qctl_relation`, `qctl_place`, `qctl_key`, `qctl_version`, `qctl_free`, `qctl_rank`. */
export function seenRows(spec: PostgresSpec, table: TableFacts, lists: Lists): string {
  const { ids, relations, places, keys = 'NULL', versions = 'NULL', free = 'NULL' } = lists;
  const at = `${ids}::text[]::${table.columns.get(spec.id[0]!)!.type}[]`;
  return `unnest(${at}, ${relations}::text[]::oid[], ${places}::text[]::tid[], ${keys}::text[], ${versions}::text[], ${free}::bool[])
    WITH ORDINALITY qctl (qctl_at, qctl_relation, qctl_place, qctl_key, qctl_version, qctl_free, qctl_rank)`;
}

/**
 * The CTEs `qctl_seen`, `qctl_got` and `qctl_chosen` (qctl_at, qctl_relation, qctl_place, qctl_rank):
 * those of the listed rows that are ready as they were and free, locked. With a key, a row must not
 * overtake an earlier one of its key that could not be had: such rows are among those seen but not among
 * those got, and all later ones of their key stay as well. Each row is looked up by itself, whatever the
 * server believes of the table: its statistics of a queue are never right.
 */
export function chosenRows(spec: PostgresSpec, table: TableFacts, ready: string[], lists: Lists): string {
  const where = [standing(spec), ...ready];
  if (spec.filter !== undefined) where.push(`${rowVersion('t')} = qctl_version`);
  if (spec.claim?.advisory !== undefined) where.push('qctl_free');
  const columns = 'qctl_at, qctl_relation, qctl_place, qctl_rank';
  const got = `
    qctl_seen AS MATERIALIZED (SELECT * FROM ${seenRows(spec, table, lists)}),
    qctl_got AS MATERIALIZED (
      SELECT qctl_at, l.relation AS qctl_relation, l.place AS qctl_place, qctl_key, qctl_rank
        FROM qctl_seen CROSS JOIN LATERAL (
          SELECT t.tableoid AS relation, t.ctid AS place FROM ${table.name} t ${whereClause(where)} FOR UPDATE SKIP LOCKED) l)`;
  if (spec.key === undefined) return `${got}, qctl_chosen AS MATERIALIZED (SELECT ${columns} FROM qctl_got)`;
  return `${got},
    qctl_stuck AS MATERIALIZED (
      SELECT qctl_key, min(qctl_rank) AS qctl_rank FROM (
        SELECT qctl_key, qctl_rank FROM (
          SELECT qctl_key, qctl_rank FROM qctl_seen UNION ALL SELECT qctl_key, qctl_rank FROM qctl_got) qctl_both
         WHERE qctl_key IS NOT NULL GROUP BY 1, 2 HAVING count(*) = 1) qctl_missed GROUP BY 1),
    qctl_chosen AS MATERIALIZED (
      SELECT ${columns} FROM qctl_got g
       WHERE NOT EXISTS (SELECT 1 FROM qctl_stuck k WHERE k.qctl_key = g.qctl_key AND k.qctl_rank < g.qctl_rank))`;
}

/** A list as a literal of an array; a null stays one. */
export function arrayLiteral(values: (string | null)[]): string {
  const items = values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`));
  return escapeLiteral(`{${items.join(',')}}`);
}
