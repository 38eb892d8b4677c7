import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';
import { printable, visibleWidth, wrap } from '../term/text.ts';

/** Columns that reasons need to be read beside the others; where there are less, they stand below their rows. */
const ROOM_FOR_WHY = 24;

/** A table whose rows say why; that goes on below the row where the terminal is narrow. */
export function formatWithWhy<R>(
  output: Output,
  columns: readonly Column<R>[],
  why: { head: string; text: (row: R) => string | null },
  rows: readonly R[],
): string {
  const whole = formatTable({ ...output, columns: Number.POSITIVE_INFINITY }, columns, rows);
  const left = output.columns - Math.max(...whole.split('\n').map(visibleWidth));
  if (left < 0 || left >= ROOM_FOR_WHY)
    return formatTable(output, [...columns, { head: why.head, value: why.text, wrap: true }], rows);
  const [head, ...lines] = whole.trimEnd().split('\n');
  const below = (at: number) => whyLines(output, why.text(rows[at]!));
  return `${[head, ...lines.flatMap((line, at) => [line, ...below(at)])].join('\n')}\n`;
}

function whyLines(output: Output, why: string | null): string[] {
  if (why === null) return [];
  const text = wrap(printable(why), Math.max(1, output.columns - 2));
  return text.split('\n').map((line) => `  ${line}`);
}
