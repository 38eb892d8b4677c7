import { escapeIdentifier as quote } from 'pg';
import { arrayLiteral, chosenRows, idType, orderOf } from './candidate-sql.ts';
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

/** The statements by which one lane of one run claims rows, reads them and lets go of them. */
export interface ClaimStatements {
  /** The entry's fields: names of the columns of what `read` returns. */
  fields: string[];
  prepare: string[];
  cleanup: string[];
  /** Takes session locks for the rows `$1` (ids, text[]) that are ready: id, key, got. Undefined where none are needed. */
  lock: string | undefined;
  /** Lets go of session locks: `$1` are their keys as text[]. */
  unlock: string;
  /**
   * Claims rows of `$1` (ids as text[]); `$2` keys, `$3` versions, `$4` whether its lock was got. The
   * arrays are of one length, or null where they do not matter. Returns the ids claimed, in order.
   */
  claim: string;
  /** The claimed rows of these ids, in this order. */
  read(ids: string[]): string;
  /** Ids of what this run holds in this lane, in order. */
  held: string;
  /** How much this run holds in this lane. */
  countHeld: string;
  /** Lets go of the claimed rows `$1` (ids as text[]) for good. */
  settle: string;
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
  const type = idType(spec, table);
  const lane = laneCondition(spec, table, filter);
  const held = [`(${claim.held})`, ...lane];
  const ready = conditions(spec, table, filter);
  const shape: Shape = { spec, table, claim, id, type, ready };
  const fields = fieldExpressions(spec, table, 't');
  const fieldList = fields.map(([, sql]) => sql).join(', ');
  const among = `${id} = ANY($1::text[]::${type}[])`;
  return {
    fields: fields.map(([name]) => name),
    prepare: (claim.prepare ?? []).map((sql) => withNames(sql, names)),
    cleanup: (claim.cleanup ?? []).map((sql) => withNames(sql, names)),
    lock: claim.advisory === undefined ? undefined : lockStatement(shape, claim.advisory),
    unlock: 'SELECT pg_advisory_unlock(qctl_key::bigint) FROM unnest($1::text[]) AS qctl (qctl_key)',
    claim: claimStatement(shape),
    read: (ids) => `SELECT ${fieldList}
      FROM unnest(${arrayLiteral(ids)}::text[]::${type}[]) WITH ORDINALITY qctl (qctl_id, qctl_rank)
      JOIN ${table.name} t ON ${id} = qctl_id ${whereClause(held)} ORDER BY qctl_rank`,
    held: `SELECT ${id}::text AS id FROM ${table.name} t ${whereClause(held)} ORDER BY ${orderOf(spec)}`,
    countHeld: `SELECT count(*)::float8 AS n FROM ${table.name} t ${whereClause(held)}`,
    settle: settleStatement(spec, table, claim, names, among),
    strays: `SELECT count(*)::int AS n FROM ${table.name} t WHERE ${among} AND ${straying(spec, claim)}`,
    release: `${updateClause(table, claim.release)} ${whereClause(held)}`,
  };
}

interface Shape {
  spec: PostgresSpec;
  table: TableFacts;
  claim: ClaimSpec;
  id: string;
  type: string;
  ready: string[];
}

/** The spec with the run's names in every place that may name it. */
export function namedClaim(claim: ClaimSpec, names: ClaimNames): ClaimSpec {
  const all = (record: Record<string, string>): Record<string, string> =>
    Object.fromEntries(Object.entries(record).map(([column, sql]) => [column, withNames(sql, names)]));
  return {
    ...claim,
    set: all(claim.set),
    held: withNames(claim.held, names),
    release: all(claim.release),
  };
}

/**
 * The lock of each row that is still ready, once a row. Whoever holds one has looked at the row before
 * or looks at it afterwards; so the claim itself must be a statement of its own, with a new snapshot.
 */
function lockStatement({ table, id, type, ready }: Shape, advisory: string): string {
  return `
    WITH qctl_rows AS MATERIALIZED (
      SELECT ${id}::text AS qctl_id, (${expression(advisory, table, 't')})::bigint AS qctl_key
        FROM unnest($1::text[]::${type}[]) qctl (qctl_at) JOIN ${table.name} t ON ${id} = qctl_at ${whereClause(ready)})
    SELECT qctl_id AS id, qctl_key::text AS key, pg_try_advisory_lock(qctl_key) AS got FROM qctl_rows`;
}

function claimStatement({ spec, table, claim, id, ready }: Shape): string {
  return `
    WITH ${chosenRows(spec, table, ready, ['$1', '$2', '$3', '$4'])},
    qctl_claimed (qctl_id, qctl_rank) AS (
      ${updateClause(table, claim.set)} FROM qctl_chosen WHERE ${id} = qctl_chosen.qctl_id
      RETURNING ${claimGuard(spec, claim, `${id}::text`)}, qctl_chosen.qctl_rank)
    SELECT qctl_id AS id FROM qctl_claimed ORDER BY qctl_rank`;
}

/** What `done` does not set must not go on looking claimed. */
function settleStatement(
  spec: PostgresSpec,
  table: TableFacts,
  claim: ClaimSpec,
  names: ClaimNames,
  among: string,
): string {
  if (spec.settle !== undefined) return withNames(spec.settle, names);
  const done = doneClause(spec, table, claim.release);
  const returning =
    'set' in spec.done ? ` RETURNING ${guardedId(spec, `t.${quote(spec.id[0]!)}::text`)}` : '';
  return `${done} WHERE ${among} AND (${claim.held})${returning}`;
}

/** A row that was settled is gone or no longer ready; one that is there and ready was given to somebody else. */
function straying(spec: PostgresSpec, claim: ClaimSpec): string {
  const free = `(${claim.held}) IS NOT TRUE`;
  const kept = 'set' in spec.done || spec.settle !== undefined;
  return kept ? `${free} AND (${spec.ready ?? 'false'})` : free;
}
