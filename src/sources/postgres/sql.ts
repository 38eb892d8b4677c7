import { escapeIdentifier as quote } from '../../backends/postgres/index.ts';
import { arrayLiteral, chosenRows, type Lists, standing } from './candidate-sql.ts';
import type { Candidate } from './candidates.ts';
import type { TableFacts } from './catalog.ts';
import { guardedId } from './done-check.ts';
import {
  columnLiteral,
  conditions,
  doneClause,
  expression,
  fieldExpressions,
  type LaneFilter,
  whereClause,
} from './expressions.ts';
import type { PostgresSpec } from './spec.ts';

/** The statements of one lane. Identifiers are quoted, types come from the catalogue. */
export interface Statements {
  /** The entry's fields: names of the leading columns of what `take` and `page` return. */
  fields: string[];
  /** Takes at most `limit` ready rows out of the table; with a key from among `limit * reach`. */
  take(limit: number, low: string | null, reach: number): string;
  /** Takes those listed rows out of the table that are as they were. */
  takeListed(rows: Candidate[]): string;
  /** One page of copy mode behind `from`, up to and including `to`. */
  page(limit: number, from: string[] | null, to: string[] | null): string;
  /** Lets go of rows by id: `$1` is an array of ids as text. */
  settleByIds: string;
  /**
   * The same for rows that transaction `$2` has not touched, though its number was committed: after a
   * crash Postgres gives numbers again whose WAL it had not written, so another one may have got it.
   */
  settleOlder: string;
  countReady: string;
  /** One row where any is ready. */
  anyReady: string;
  /** All ready rows, the entry's fields only. */
  everything: string;
  /** The highest keyset values among the ready rows, as text. */
  highest: string;
  /** Numbers `n` of keyset positions in the order in which pages go. */
  orderOf(positions: string[][]): string;
  /** Where the first order column stands in a row of `take`: the id field, or behind the fields. */
  lowAt: number;
  /** Where the keyset columns stand in a row of `page`. */
  keysetAt: number[];
}

/** Builds them for one lane, or without `filter` for the whole table. */
export function statements(spec: PostgresSpec, table: TableFacts, filter?: LaneFilter): Statements {
  const where = conditions(spec, table, filter);
  const keyset = keysetColumns(spec);
  const id = quote(spec.id[0]!);
  const settleByIds = `${doneClause(spec, table)} WHERE t.${id} = ANY($1::text[]::${table.columns.get(spec.id[0]!)!.type}[])`;
  const names = fieldExpressions(spec, table, 't').map(([name]) => name);
  return {
    fields: names,
    take: (limit, low, reach) => takeStatement(spec, table, where, limit, low, reach),
    takeListed: (rows) => takeListed(spec, table, where, rows),
    page: (limit, from, to) => pageStatement(spec, table, where, limit, from, to),
    settleByIds,
    settleOlder: `${settleByIds} AND age(t.xmin) > age(($2::bigint % 4294967296)::text::xid)`,
    anyReady: `SELECT 1 FROM ${table.name} t ${whereClause(where)} LIMIT 1`,
    countReady: `SELECT count(*)::float8 AS n FROM ${table.name} t ${whereClause(where)}`,
    everything: `SELECT ${fieldExpressions(spec, table, 't')
      .map(([, sql]) => sql)
      .join(', ')} FROM ${table.name} t ${whereClause(where)}`,
    highest: `SELECT ${keyset.map((name) => `t.${quote(name)}::text`).join(', ')} FROM ${table.name} t ${whereClause(where)} ORDER BY ${keyset.map((name) => `t.${quote(name)} DESC`).join(', ')} LIMIT 1`,
    orderOf: (positions) => orderStatement(keyset, table, positions),
    lowAt: positionsOf([(spec.order ?? spec.id)[0]!], spec, names.length)[0]!,
    keysetAt: positionsOf(keyset, spec, names.length),
  };
}

/** Columns that a row must carry besides its fields, to tell where it stands: none where that is the id alone. */
function extraColumns(columns: string[], spec: PostgresSpec): string[] {
  return columns.filter((column) => !isWholeId(column, spec));
}

function positionsOf(columns: string[], spec: PostgresSpec, fields: number): number[] {
  const extra = extraColumns(columns, spec);
  return columns.map((column) => (isWholeId(column, spec) ? 0 : fields + extra.indexOf(column)));
}

function isWholeId(column: string, spec: PostgresSpec): boolean {
  return spec.id.length === 1 && spec.id[0] === column;
}

/** Ordering columns of copy mode: those of `order`, made unique by the id. */
export function keysetColumns(spec: PostgresSpec): string[] {
  return [...new Set([...(spec.order ?? []), ...spec.id])];
}

function takeStatement(
  spec: PostgresSpec,
  table: TableFacts,
  conditions: string[],
  limit: number,
  low: string | null,
  reach: number,
): string {
  const order = spec.order ?? spec.id;
  const lowColumn = order[0]!;
  const where = [...conditions];
  // With a key a row that somebody has locked must be seen every time: it holds back those behind it.
  if (low !== null) where.push(`t.${quote(lowColumn)} >= ${columnLiteral(low, table, lowColumn)}`);
  // A position is unique in one table only, not in a partitioned one.
  const locator = table.partitioned ? quote(spec.id[0]!) : 'ctid';
  const parts: TakeParts = {
    table: table.name,
    where: whereClause(where),
    orderBy: order.map((name) => `t.${quote(name)}`).join(', '),
    limit,
    reach,
    locator,
    done: doneClause(spec, table),
    using: 'set' in spec.done ? 'FROM' : 'USING',
    returning: [
      ...fieldExpressions(spec, table, 't').map(([name, sql]) =>
        name === 'id' ? guardedId(spec, sql) : sql,
      ),
      ...extraColumns([lowColumn], spec).map((column) => `t.${quote(column)}::text`),
    ],
  };
  return spec.key === undefined ? takeAny(parts) : takeKeyed(parts, expression(spec.key, table, 't'));
}

interface TakeParts {
  table: string;
  where: string;
  orderBy: string;
  limit: number;
  reach: number;
  locator: string;
  done: string;
  using: string;
  returning: string[];
}

function takeAny({ table, where, orderBy, limit, locator, done, returning }: TakeParts): string {
  return `${done} WHERE t.${locator} = ANY(ARRAY(
    SELECT t.${locator} FROM ${table} t ${where} ORDER BY ${orderBy} LIMIT ${limit} FOR UPDATE SKIP LOCKED))
    RETURNING ${returning.join(', ')}`;
}

/**
 * With a key, a row must not overtake an earlier one of its key that somebody else has locked: such
 * rows are among those seen but not among those got, and all later ones of their key stay as well.
 */
function takeKeyed(
  { table, where, orderBy, limit, reach, locator, done, using, returning }: TakeParts,
  key: string,
): string {
  const names = returning.map((_, i) => `qctl_${i}`).join(', ');
  return `
    WITH qctl_seen AS MATERIALIZED (
      SELECT t.${locator} AS qctl_at, ${key}::text AS qctl_key, row_number() OVER (ORDER BY ${orderBy}) AS qctl_rank
        FROM ${table} t ${where} ORDER BY ${orderBy} LIMIT ${limit * reach}),
    qctl_got AS MATERIALIZED (
      SELECT t.${locator} AS qctl_at, qctl_seen.qctl_key, qctl_seen.qctl_rank
        FROM qctl_seen JOIN ${table} t ON t.${locator} = qctl_seen.qctl_at ${where} FOR UPDATE OF t SKIP LOCKED),
    qctl_stuck AS MATERIALIZED (
      SELECT s.qctl_key, min(s.qctl_rank) AS qctl_rank FROM qctl_seen s LEFT JOIN qctl_got g ON g.qctl_rank = s.qctl_rank
       WHERE g.qctl_rank IS NULL AND s.qctl_key IS NOT NULL GROUP BY 1),
    qctl_free AS MATERIALIZED (
      SELECT g.qctl_at, g.qctl_rank FROM qctl_got g LEFT JOIN qctl_stuck k ON k.qctl_key = g.qctl_key
       WHERE k.qctl_rank IS NULL OR g.qctl_rank < k.qctl_rank ORDER BY g.qctl_rank LIMIT ${limit}),
    qctl_taken (${names}, qctl_rank) AS (
      ${done} ${using} qctl_free WHERE t.${locator} = qctl_free.qctl_at
      RETURNING ${returning.join(', ')}, qctl_free.qctl_rank)
    SELECT ${names} FROM qctl_taken ORDER BY qctl_rank`;
}

function takeListed(spec: PostgresSpec, table: TableFacts, where: string[], rows: Candidate[]): string {
  const fields = fieldExpressions(spec, table, 't').map(([name, sql]) =>
    name === 'id' ? guardedId(spec, sql) : sql,
  );
  const names = fields.map((_, i) => `qctl_${i}`).join(', ');
  const list = (name: 'id' | 'relation' | 'place' | 'key' | 'version'): string =>
    arrayLiteral(rows.map((row) => row[name]));
  const lists: Lists = {
    ids: list('id'),
    relations: list('relation'),
    places: list('place'),
    keys: list('key'),
    versions: list('version'),
  };
  return `
    WITH ${chosenRows(spec, table, where, lists)},
    qctl_taken (${names}, qctl_rank) AS (
      ${doneClause(spec, table)} ${'set' in spec.done ? 'FROM' : 'USING'} qctl_chosen WHERE ${standing(spec)}
      RETURNING ${fields.join(', ')}, qctl_rank)
    SELECT ${names} FROM qctl_taken ORDER BY qctl_rank`;
}

function pageStatement(
  spec: PostgresSpec,
  table: TableFacts,
  conditions: string[],
  limit: number,
  from: string[] | null,
  to: string[] | null,
): string {
  const keyset = keysetColumns(spec);
  const columns = keyset.map((name) => `t.${quote(name)}`);
  const tuple = (values: string[]): string =>
    `(${values.map((value, i) => columnLiteral(value, table, keyset[i]!)).join(', ')})`;
  const where = [...conditions];
  if (from) where.push(`(${columns.join(', ')}) > ${tuple(from)}`);
  if (to) where.push(`(${columns.join(', ')}) <= ${tuple(to)}`);
  const fields = fieldExpressions(spec, table, 't').map(([, sql]) => sql);
  const positions = extraColumns(keyset, spec).map((column) => `t.${quote(column)}::text`);
  return `SELECT ${[...fields, ...positions].join(', ')} FROM ${table.name} t ${whereClause(where)} ORDER BY ${columns.join(', ')} LIMIT ${limit}`;
}

/** The table itself, though no row of it, gives the literals its columns' collations. */
function orderStatement(keyset: string[], table: TableFacts, positions: string[][]): string {
  const columns = keyset.map(quote).join(', ');
  const rows = positions.map(
    (values, n) =>
      `SELECT ${n}, ${values.map((value, i) => columnLiteral(value, table, keyset[i]!)).join(', ')}`,
  );
  const all = [`SELECT NULL::int AS n, ${columns} FROM ${table.name} WHERE false`, ...rows].join(
    ' UNION ALL ',
  );
  return `SELECT n FROM (${all}) qctl_positions ORDER BY ${columns}`;
}
