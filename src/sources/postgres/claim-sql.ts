import { escapeIdentifier as quote } from '../../backends/postgres/index.ts';
import { arrayLiteral, chosenRows, located, orderOf, seenRows, standing } from './candidate-sql.ts';
import type { Located } from './candidates.ts';
import type { TableFacts } from './catalog.ts';
import { claimGuard } from './claim-guard.ts';
import { type ClaimNames, claimNames, withNames } from './claim-names.ts';
import { guardedId } from './done-check.ts';
import {
  conditions,
  doneClause,
  expression,
  fieldExpressions,
  type LaneFilter,
  laneCondition,
  updateClause,
  whereClause,
} from './expressions.ts';
import type { ClaimSpec, PostgresSpec } from './spec.ts';

/**
 * The statements by which one lane of one run claims rows, reads them and lets go of them. Where rows
 * are told of, `$1`, `$2` and `$3` are their ids, relations and places as text[].
 */
export interface ClaimStatements {
  /** The entry's fields: names of the columns of what `read` returns. */
  fields: string[];
  prepare: string[];
  cleanup: string[];
  /** Takes session locks for those of the rows that are ready: id, key, got. Undefined where none are needed. */
  lock: string | undefined;
  /** Lets go of session locks: `$1` are their keys as text[]. */
  unlock: string;
  /**
   * Claims rows: `$4` keys, `$5` versions, `$6` whether its lock was got; null where they do not matter.
   * Returns those claimed, in order, as {@link Located}.
   */
  claim: string;
  /** These claimed rows, in this order. */
  read(rows: Located[]): string;
  /** What this run holds in this lane, in order, as {@link Located}. */
  held: string;
  /** How much this run holds in this lane. */
  countHeld: string;
  /** Lets go of claimed rows for good. Those that have been moved since are not found. */
  settle: string;
  /** The same by ids alone: `$1` as text[]. */
  settleByIds: string;
  /** How many of the rows `$1` are there and not this run's: somebody else has had them. */
  strays: string;
  /** Gives everything that this run holds in this lane back to the workers of the source. */
  release: string;
}

/** Builds them; without `filter` for all lanes together. */
export function claimStatements(
  spec: PostgresSpec,
  table: TableFacts,
  run: string,
  filter?: LaneFilter,
): ClaimStatements {
  const names = claimNames(run);
  const claim = namedClaim(spec.claim!, names);
  const id = `t.${quote(spec.id[0]!)}`;
  const lane = laneCondition(spec, table, filter);
  const within = spec.within === undefined ? [] : [`(${spec.within})`];
  const held = [...within, `(${claim.held})`, ...lane];
  const ready = conditions(spec, table, filter);
  const shape: Shape = { spec, table, claim, ready };
  const fields = fieldExpressions(spec, table, 't');
  const ids = `${id} = ANY($1::text[]::${table.columns.get(spec.id[0]!)!.type}[])`;
  const among = [ids, ...within].join(' AND ');
  return {
    fields: fields.map(([name]) => name),
    prepare: (claim.prepare ?? []).map((sql) => withNames(sql, names)),
    cleanup: (claim.cleanup ?? []).map((sql) => withNames(sql, names)),
    lock: claim.advisory === undefined ? undefined : lockStatement(shape, claim.advisory),
    unlock: 'SELECT pg_advisory_unlock(qctl_key::bigint) FROM unnest($1::text[]) AS qctl (qctl_key)',
    claim: claimStatement(shape),
    read: (rows) => readStatement(shape, rows),
    held: `SELECT ${locatedAs(spec)} FROM ${table.name} t ${whereClause(held)} ORDER BY ${orderOf(spec)}`,
    countHeld: `SELECT count(*)::float8 AS n FROM ${table.name} t ${whereClause(held)}`,
    ...settling(shape, names, among),
    strays: `SELECT count(*)::int AS n FROM ${table.name} t WHERE ${among} AND ${straying(spec, claim)}`,
    release: releaseStatement(shape, held),
  };
}

interface Shape {
  spec: PostgresSpec;
  table: TableFacts;
  claim: ClaimSpec;
  ready: string[];
}

const GIVEN = { ids: '$1', relations: '$2', places: '$3' };

function locatedAs(spec: PostgresSpec): string {
  return ['id', 'relation', 'place'].map((name, i) => `${located(spec)[i]} AS ${name}`).join(', ');
}

/** The spec with the run's names in every place that may name it. */
export function namedClaim(claim: ClaimSpec, names: ClaimNames): ClaimSpec {
  const all = (record: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(record).map(([column, sql]) => [column, withNames(sql, names)]));
  return {
    ...claim,
    set: all(claim.set),
    held: withNames(claim.held, names),
    ...(claim.take === undefined ? {} : { take: withNames(claim.take, names) }),
    ...(claim.give === undefined ? {} : { give: withNames(claim.give, names) }),
    release: all(claim.release),
  };
}

/**
 * The lock of each row that is still ready, once a row. Whoever holds one has looked at the row before
 * or looks at it afterwards; so the claim itself must be a statement of its own, with a new snapshot.
 */
function lockStatement({ spec, table, ready }: Shape, advisory: string): string {
  return `
    WITH qctl_rows AS MATERIALIZED (
      SELECT l.* FROM ${seenRows(spec, table, GIVEN)} CROSS JOIN LATERAL (
        SELECT ${located(spec)[0]} AS id, (${expression(advisory, table, 't')})::bigint AS key
          FROM ${table.name} t ${whereClause([standing(spec), ...ready])} OFFSET 0) l)
    SELECT id, key::text AS key, pg_try_advisory_lock(key) AS got FROM qctl_rows`;
}

function claimStatement({ spec, table, claim, ready }: Shape): string {
  const [id, relation, place] = located(spec);
  return `
    WITH ${chosenRows(spec, table, ready, { ...GIVEN, keys: '$4', versions: '$5', free: '$6' })},${claim.take === undefined ? '' : ` ${claim.take},`}
    qctl_claimed (id, relation, place, qctl_rank) AS (
      ${updateClause(table, claim.set)} FROM qctl_chosen WHERE ${[standing(spec), ...took(claim)].join(' AND ')}
      RETURNING ${claimGuard(spec, claim, id)}, ${relation}, ${place}, qctl_rank)
    SELECT id, relation, place FROM qctl_claimed ORDER BY qctl_rank`;
}

function readStatement({ spec, table, claim }: Shape, rows: Located[]): string {
  const list = (name: keyof Located): string => arrayLiteral(rows.map((row) => row[name]));
  const lists = { ids: list('id'), relations: list('relation'), places: list('place') };
  const fields = fieldExpressions(spec, table, 't').map(([, sql], i) => `${sql} AS qctl_${i}`);
  return `SELECT l.* FROM ${seenRows(spec, table, lists)} CROSS JOIN LATERAL (
    SELECT ${fields.join(', ')} FROM ${table.name} t WHERE ${standing(spec)} AND (${claim.held}) OFFSET 0) l ORDER BY qctl_rank`;
}

/** IS TRUE makes it a table of hashes; as a join it would compare each with each. */
function took({ take }: ClaimSpec): string[] {
  return take === undefined
    ? []
    : ['(qctl_chosen.qctl_at IN (SELECT qctl_took.qctl_at FROM qctl_took)) IS TRUE'];
}

function releaseStatement({ spec, table, claim }: Shape, held: string[]): string {
  const id = `t.${quote(spec.id[0]!)}`;
  const release = updateClause(table, claim.release);
  if (claim.give === undefined) return `${release} ${whereClause(held)}`;
  return `
    WITH qctl_given AS MATERIALIZED (
      SELECT ${id} AS qctl_at FROM ${table.name} t ${whereClause(held)} FOR UPDATE OF t),
    ${claim.give}
    ${release} FROM qctl_given WHERE ${id} = qctl_given.qctl_at`;
}

/** What `done` does not set must not go on looking claimed. */
function settling(
  { spec, table, claim }: Shape,
  names: ClaimNames,
  among: string,
): Pick<ClaimStatements, 'settle' | 'settleByIds'> {
  if (spec.settle !== undefined) {
    const settle = withNames(spec.settle, names);
    return { settle, settleByIds: settle };
  }
  const done = doneClause(spec, table, claim.release);
  const set = 'set' in spec.done;
  // As a CASE the server takes it for every other row. As it is, it takes it for none, begins with a scan
  // of the table for it, and looks through the whole list for each row that it finds after all.
  const held = `CASE WHEN (${claim.held}) THEN true ELSE false END${set ? ` RETURNING ${guardedId(spec, located(spec)[0])}` : ''}`;
  return {
    settle: `${done} ${set ? 'FROM' : 'USING'} ${seenRows(spec, table, GIVEN)} WHERE ${standing(spec)} AND ${held}`,
    settleByIds: `${done} WHERE ${among} AND ${held}`,
  };
}

/** A row that was settled is gone or no longer ready; one that is there and ready was given to somebody else. */
function straying(spec: PostgresSpec, claim: ClaimSpec): string {
  const free = `(${claim.held}) IS NOT TRUE`;
  const kept = 'set' in spec.done || spec.settle !== undefined;
  return kept ? `${free} AND (${spec.ready ?? 'false'})` : free;
}
