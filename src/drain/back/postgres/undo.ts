import { shellWord } from '../../../model/shell-word.ts';
import type { ColumnFacts } from './columns.ts';
import type { RestorePlan } from './plan.ts';

/** Columns that settling has set on rows, and that nothing sets back. */
export function columnsNotUndone({ spec, assignments }: RestorePlan): string[] {
  if (!('set' in spec.done) || spec.mode === 'copy') return [];
  return Object.keys(spec.done.set).filter((column) => !assignments.some((one) => one.column === column));
}

/** Of the columns that settling has set, those that are set back to another value than the condition asks for. */
export function columnsUndoneOtherwise({ spec }: RestorePlan): string[] {
  if (!('set' in spec.done) || spec.mode === 'copy') return [];
  return Object.keys(spec.done.set).filter((column) => {
    const asked = readyValue(spec.ready ?? '', column);
    return asked !== undefined && spec.restore?.[column] !== asked;
  });
}

/** The flags that set these columns back, all of them, as they can be pasted into a shell. */
export function undoFlags({ spec, columns }: RestorePlan, names: readonly string[]): string {
  return names
    .map(
      (name) => `--restore ${inQuotes(`${name}=${valueBefore(spec.ready ?? '', name, columns.get(name))}`)}`,
    )
    .join(' ');
}

/** What a ready row most likely had there; `SQL` where nothing tells. Whether it makes a row ready is tried later. */
function valueBefore(ready: string, name: string, column: ColumnFacts | undefined): string {
  const asked = readyValue(ready, name);
  if (asked !== undefined) return asked;
  if (column?.defaultSql != null && !column.computed) return bareLiteral(column.defaultSql);
  return column?.notNull ? 'SQL' : 'NULL';
}

const LITERAL = String.raw`('(?:[^']|'')*'|-?\d+(?:\.\d+)?\b|true\b|false\b)`;

/** The literal that the condition wants of a column: `= 'queued'`, `IN ('new', …)`, `IS NULL`, `IS TRUE`. */
function readyValue(ready: string, name: string): string | undefined {
  const column = String.raw`(?<![\w"'$])"?${name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}"?`;
  const cast = String.raw`(?:::[\w"]+)?`;
  const find = (rest: string): string | undefined =>
    new RegExp(`${column}${cast}\\s*${rest}`, 'i').exec(ready)?.[1];
  return (
    find(String.raw`=\s*(?:ANY\s*\(\s*ARRAY\s*\[\s*)?${LITERAL}`) ??
    find(String.raw`IN\s*\(\s*${LITERAL}`) ??
    find(String.raw`IS\s+(NULL|TRUE|FALSE)\b`)
  );
}

/** `'queued'::text` says no more than `'queued'`, since values are cast to the column's type. */
function bareLiteral(sql: string): string {
  return /^('(?:[^']|'')*')::[\w. "]+$/.exec(sql)?.[1] ?? sql;
}

/** In double quotes, which is how SQL with its own quotes reads best, where the shell leaves these alone. */
function inQuotes(word: string): string {
  return /["$`\\!]/.test(word) ? shellWord(word) : `"${word}"`;
}
