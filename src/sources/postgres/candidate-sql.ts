import { escapeLiteral, escapeIdentifier as quote } from 'pg';
import type { TableFacts } from './catalog.ts';
import { conditions, expression, fieldExpressions, type LaneFilter, whereClause } from './expressions.ts';
import type { PostgresSpec } from './spec.ts';

/** How the candidates of a lane are listed. */
export interface CandidateStatement {
  /** Names of the entry's fields, where they are read as well; rows carry id, key, single and version behind them. */
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
    `t.${quote(spec.id[0]!)}::text`,
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

/**
 * The CTEs `qctl_seen`, `qctl_got` and `qctl_chosen` (qctl_id, qctl_rank): those of the listed rows that
 * are ready as they were and free, locked. With a key, a row must not overtake an earlier one of its key
 * that could not be had: such rows are among those seen but not among those got, and all later ones of
 * their key stay as well.
 *
 * @param lists SQL of four arrays: ids, keys, versions, and whether each may be taken; NULL where it does not matter
 */
export function chosenRows(
  spec: PostgresSpec,
  table: TableFacts,
  ready: string[],
  lists: [ids: string, keys: string, versions: string, free: string],
): string {
  const id = `t.${quote(spec.id[0]!)}`;
  const where = [...ready];
  if (spec.filter !== undefined) where.push(`${rowVersion('t')} = qctl_version`);
  if (spec.claim?.advisory !== undefined) where.push('qctl_free');
  const [ids, keys, versions, free] = lists;
  const got = `
    qctl_seen AS MATERIALIZED (
      SELECT * FROM unnest(${ids}::text[]::${idType(spec, table)}[], ${keys}::text[], ${versions}::text[], ${free}::bool[])
        WITH ORDINALITY qctl (qctl_at, qctl_key, qctl_version, qctl_free, qctl_rank)),
    qctl_got AS MATERIALIZED (
      SELECT ${id} AS qctl_id, qctl_key, qctl_rank
        FROM qctl_seen JOIN ${table.name} t ON ${id} = qctl_at ${whereClause(where)} FOR UPDATE OF t SKIP LOCKED)`;
  if (spec.key === undefined)
    return `${got}, qctl_chosen AS MATERIALIZED (SELECT qctl_id, qctl_rank FROM qctl_got)`;
  return `${got},
    qctl_stuck AS MATERIALIZED (
      SELECT s.qctl_key, min(s.qctl_rank) AS qctl_rank FROM qctl_seen s LEFT JOIN qctl_got g ON g.qctl_rank = s.qctl_rank
       WHERE g.qctl_rank IS NULL AND s.qctl_key IS NOT NULL GROUP BY 1),
    qctl_chosen AS MATERIALIZED (
      SELECT g.qctl_id, g.qctl_rank FROM qctl_got g LEFT JOIN qctl_stuck k ON k.qctl_key = g.qctl_key
       WHERE k.qctl_rank IS NULL OR g.qctl_rank < k.qctl_rank)`;
}

/** The type of the id column, ready to be used in a cast. */
export function idType(spec: PostgresSpec, table: TableFacts): string {
  return table.columns.get(spec.id[0]!)!.type;
}

/** A list as a literal of an array; a null stays one. */
export function arrayLiteral(values: (string | null)[]): string {
  const items = values.map((value) => (value === null ? 'NULL' : `"${value.replace(/["\\]/g, '\\$&')}"`));
  return escapeLiteral(`{${items.join(',')}}`);
}
