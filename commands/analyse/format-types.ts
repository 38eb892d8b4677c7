import type { TypeReport } from '../../src/analyse/index.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';
import { figureText, percent } from './fact-text.ts';

const bytes = (value: number | null): string | null => (value === null ? null : formatBytes(value));

/** What of a type is shown, in the table and in Markdown. */
export const TYPE_COLUMNS: readonly Column<TypeReport>[] = [
  { head: 'PLACE', value: ({ place }) => place, align: 'right' },
  { head: 'TYPE', value: ({ type }) => type ?? '(none)', whole: true },
  { head: 'MOVABLE', value: ({ movable }) => (movable ? 'yes' : 'no') },
  { head: 'RISK', value: ({ risk }) => risk },
  { head: 'READY', value: ({ ready }) => figureText(ready), align: 'right' },
  { head: 'SHARE', value: ({ share }) => (share === null ? null : percent(share)), align: 'right' },
  { head: 'RUNNING', value: ({ running }) => figureText(running), align: 'right' },
  { head: 'SCHEDULED', value: ({ scheduled }) => figureText(scheduled), align: 'right' },
  { head: 'DEAD', value: ({ dead }) => figureText(dead), align: 'right' },
  { head: 'MEDIAN', value: ({ medianBytes }) => bytes(medianBytes), align: 'right' },
  { head: 'P99', value: ({ p99Bytes }) => bytes(p99Bytes), align: 'right' },
  { head: 'WHY', value: ({ reasons }) => reasons.join('; '), wrap: true },
];

/** The types in the order in which they are best moved. */
export function formatTypes(output: Output, types: readonly TypeReport[]): string {
  // What is known of no type needs no column.
  const known = TYPE_COLUMNS.filter(({ value }) => types.some((type) => (value(type) ?? '') !== ''));
  return formatTable(output, known, types);
}
