import { sqlState } from '../../backends/postgres/index.ts';
import { expression, moment } from '../../sources/postgres/expressions.ts';
import { isoUtc } from '../../sources/postgres/formats/relations.ts';
import { isNotKnown } from '../../sources/postgres/not-counted.ts';
import type { OpenTable } from './open.ts';
import type { States } from './states.ts';

/** Counts of rows; null where the queue does not tell. */
export interface Tally {
  /** In whatever state. */
  rows: number;
  ready: number;
  running: number | null;
  scheduled: number | null;
  dead: number | null;
  /** RFC 3339, of the ready ones. */
  oldestAt: string | null;
  /** Mean number, of the ready ones. */
  attempts: number | null;
  /** Enqueued within the last hour, in whatever state they are by now. */
  recent: number | null;
}

export interface TypeTally extends Tally {
  type: string | null;
}

export interface Tallies {
  all: Tally;
  /** Those with the most ready ones first; null where the queue has no types. */
  types: TypeTally[] | null;
}

const MOST_TYPES = 200;
const STATES = ['ready', 'running', 'scheduled', 'dead'] as const;
/** A value that an expression cannot be computed from. */
const BAD_DATA = '22';

/**
 * Counts what `from` gives (`FROM …`, the row being `t`) in one pass. Undefined where that would read too
 * much, or where an expression fails for some row.
 */
export async function tally(open: OpenTable, from: string, states: States): Promise<Tallies | undefined> {
  try {
    const { rows } = await open.client.query<TypeTally & { whole: boolean }>(sqlOf(open, from, states));
    const known = rows.map((row) => ({ ...row, ...unknowns(open, states) }));
    const ofTypes = known.filter(({ whole }) => !whole);
    return {
      all: known.find(({ whole }) => whole)!,
      types: open.spec.type === undefined ? null : ofTypes,
    };
  } catch (error) {
    if (isNotKnown(error) || sqlState(error)?.startsWith(BAD_DATA)) return undefined;
    throw error;
  }
}

function sqlOf({ spec, table }: OpenTable, from: string, states: States): string {
  const { type, attempts, enqueuedAt } = spec;
  const text = (sql: string | undefined): string =>
    sql === undefined ? 'NULL' : `${expression(sql, table, 't')}::text`;
  const at = enqueuedAt === undefined ? 'NULL' : moment(enqueuedAt, table);
  const columns = [
    `${text(type)} AS type`,
    `${text(attempts)} AS attempts`,
    `(${at})::timestamptz AS at`,
    ...STATES.map((name) => `(${states[name] ?? 'false'}) AS ${name}`),
  ];
  return `
    SELECT type, grouping(type) = 1 AS whole, count(*)::float8 AS rows,
           ${STATES.map((name) => `count(*) FILTER (WHERE ${name})::float8 AS ${name}`).join(', ')},
           ${isoUtc('min(at) FILTER (WHERE ready)')} AS "oldestAt",
           avg(attempts::float8) FILTER (WHERE ready AND attempts ~ '^[0-9]+$') AS attempts,
           count(*) FILTER (WHERE at > now() - interval '1 hour')::float8 AS recent
      FROM (SELECT ${columns.join(', ')} ${from}) s
     GROUP BY GROUPING SETS ((), (type)) ORDER BY 2 DESC, 4 DESC, 1 LIMIT ${MOST_TYPES + 1}`;
}

/** What was counted as none because nothing tells. */
function unknowns({ spec }: OpenTable, states: States): Partial<Tally> {
  return {
    ...(states.running === null && { running: null }),
    ...(states.scheduled === null && { scheduled: null }),
    ...(states.dead === null && { dead: null }),
    ...(spec.enqueuedAt === undefined && { recent: null }),
  };
}
