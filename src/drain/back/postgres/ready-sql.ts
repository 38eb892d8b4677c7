import { escapeLiteral, escapeIdentifier as quote } from '../../../backends/postgres/index.ts';
import { shorten } from '../../../model/shorten.ts';
import type { RestorePlan } from './plan.ts';

/** What the condition of ready rows looked at in one row: column -> its text, or null. */
export type ReadyValues = Record<string, string | null>;

/** SQL: whether the row `t` is ready; never NULL. */
export function readyCondition({ spec }: RestorePlan): string {
  const condition = spec.ready === undefined ? 'true' : `(${spec.ready})`;
  // The condition names columns as they stand in the table, and a message has some of these names, too.
  return `((SELECT ${condition} FROM (SELECT t.*) AS t) IS TRUE)`;
}

/** SQL: {@link ReadyValues} of the row `t`, as json, in the order of the columns. */
export function readyValues(plan: RestorePlan): string {
  const pairs = columnsAskedFor(plan).map((name) => `${escapeLiteral(name)}, t.${quote(name)}::text`);
  return `json_build_object(${pairs.join(', ')})`;
}

/**
 * SQL: the row `t` as it will stand once the message `m` has been restored into it, to be used in place of a
 * table. What the table computes by itself is computed from the new values.
 */
export function restoredRow({ columns, assignments }: RestorePlan): string {
  const all = [...columns.values()];
  const stored = all
    .filter(({ computed }) => !computed)
    .map(({ name, always }) => {
      const found = always ? undefined : assignments.find((one) => one.column === name && one.kind !== 'id');
      return `${found ? found.sql : `t.${quote(name)}`} AS ${quote(name)}`;
    });
  const computed = all
    .filter((column) => column.computed)
    .map(({ name, type, defaultSql }) => `(${defaultSql})::${type} AS ${quote(name)}`);
  const row = `(SELECT ${stored.join(', ')})`;
  return computed.length === 0 ? row : `(SELECT q.*, ${computed.join(', ')} FROM ${row} AS q)`;
}

/** The columns that the condition names, but for the body, which may be long. */
function columnsAskedFor({ spec, columns }: RestorePlan): string[] {
  const found = (spec.ready ?? '').replace(/'(?:[^']|'')*'/g, ' ').match(/[\p{L}\p{N}_$]+/gu) ?? [];
  const words = new Set(found.flatMap((word) => [word, word.toLowerCase()]));
  return [...columns.keys()].filter((name) => words.has(name) && name !== spec.payload);
}

/** `(state = 'new') with state 'pending', tries '9'`: what a person must see to know why a row is not ready. */
export function notReadyText({ spec }: RestorePlan, values: ReadyValues): string {
  const seen = Object.entries(values).map(
    ([name, value]) => `${name} ${value === null ? 'NULL' : `'${shorten(value, 40)}'`}`,
  );
  return `(${shorten(spec.ready ?? '')})${seen.length > 0 ? ` with ${seen.join(', ')}` : ''}`;
}
