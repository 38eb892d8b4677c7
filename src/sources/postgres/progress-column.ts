import { escapeIdentifier, escapeLiteral } from '../../backends/postgres/index.ts';
import { isText, type NamedColumn } from './column-names.ts';

/** How a table says how far a row has come. */
export interface ProgressColumn {
  /** Condition of the rows to take; null where it cannot be guessed. */
  ready: string | null;
  /** What a worker writes into a row that is done, as under `done: set:`; null where it cannot be guessed. */
  mark: Record<string, unknown> | null;
}

const STATE = /^(?:[a-z]+_)?(?:state|status)$/;
const FLAG = /^(?:is_)?(?:processed|handled|done|sent|published|delivered|consumed|completed)$/;
const MOMENT = /^(?:processed|handled|done|sent|published|delivered|consumed|completed|finished)_(?:at|on)$/;
const READY = 'pending queued ready waiting enqueued new created open unprocessed todo available'.split(' ');
const DONE =
  'done processed delivered sent completed complete finished handled published consumed success succeeded'.split(
    ' ',
  );

/** The column of a state, if there is one. */
export function stateOf<C extends NamedColumn>(columns: readonly C[]): C | undefined {
  return columns.find((column) => STATE.test(column.name));
}

/** By a state whose values are known. @param values as they stand in the table */
export function progressByState(
  columns: readonly NamedColumn[],
  state: NamedColumn,
  values: readonly string[],
): ProgressColumn {
  if (!isText(state)) return { ready: null, mark: null };
  const first = (words: readonly string[]) =>
    words.flatMap((word) => values.filter((value) => value.toLowerCase() === word))[0];
  const [ready, done] = [first(READY), first(DONE)];
  return {
    ready: ready === undefined ? null : `${identifier(state.name)} = ${escapeLiteral(ready)}`,
    mark: done === undefined ? null : { [state.name]: done, ...momentOf(columns) },
  };
}

/** By a flag or a point of time, where there is no state. */
export function progressByMark(columns: readonly NamedColumn[]): ProgressColumn {
  const flag = columns.find(({ name, type }) => FLAG.test(name) && type === 'boolean');
  if (flag) return { ready: `NOT ${identifier(flag.name)}`, mark: { [flag.name]: true } };
  const [moment] = Object.keys(momentOf(columns));
  if (moment === undefined) return { ready: null, mark: null };
  return { ready: `${identifier(moment)} IS NULL`, mark: momentOf(columns) };
}

/** The point of time at which a row was done, set to now. */
function momentOf(columns: readonly NamedColumn[]): Record<string, unknown> {
  const moment = columns.find(({ name, type }) => MOMENT.test(name) && type.startsWith('timestamp'));
  return moment ? { [moment.name]: { sql: 'now()' } } : {};
}

/** In quotes only where SQL needs them: it is read and edited by people. */
export function identifier(name: string): string {
  return /^[a-z_][a-z0-9_]*$/.test(name) && !RESERVED.has(name) ? name : escapeIdentifier(name);
}

const RESERVED = new Set(['end', 'order', 'user', 'group', 'table', 'when', 'check', 'default', 'primary']);
