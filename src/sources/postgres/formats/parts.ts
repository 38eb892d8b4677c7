import { FIRST_CLAIM_TIME } from '../claim-names.ts';
import { isOneOf } from './relations.ts';

/*
 * Pieces of SQL that several formats use. Conditions are written over the alias `t`. Fields are not:
 * they are read under other aliases as well, so that a subquery in a field renames its own columns and
 * leaves the plain names to the row.
 */

/** `AND t.queue IN (…)`; nothing where every queue is meant. */
export function inQueues(column: string, queues: string[] | undefined, alias = 't'): string {
  if (queues === undefined || queues.length === 0) return '';
  return ` AND ${isOneOf(`${alias}.${column}`, queues)}`;
}

/** Now, in the type of a column. Rails keeps UTC in columns without a time zone. */
export function nowFor(type: string | undefined): string {
  return type === 'timestamp with time zone' ? 'now()' : "(now() AT TIME ZONE 'UTC')";
}

/** The time of `sql` (timestamptz) in the type of a column, whatever time zone the session has. */
export function timeFor(type: string | undefined, sql: string): string {
  return type === 'timestamp with time zone' ? `(${sql})` : `((${sql}) AT TIME ZONE 'UTC')`;
}

/** Conditions of which one suffices. */
export function anyOf(conditions: (string | undefined)[]): string {
  const given = conditions.filter((condition) => condition !== undefined);
  return given.length === 1 ? given[0]! : `(${given.map((condition) => `(${condition})`).join(' OR ')})`;
}

/** The first moment of those that stand for runs: times from then on are claims, not times. */
export const CLAIMS_BEGIN = `'${FIRST_CLAIM_TIME}'::timestamptz`;

/** Whether a time, in a column of that type, is a claim. */
export function isClaimTime(sql: string, type = 'timestamp with time zone'): string {
  return `(${sql} >= ${timeFor(type, CLAIMS_BEGIN)} AND ${sql} < 'infinity')`;
}
