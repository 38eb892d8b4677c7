import { colourOf } from './colour.ts';
import type { Output } from './io.ts';
import { printable, truncate, visibleWidth, wrap } from './text.ts';

/** What can stand in a cell. null, undefined and '' are shown as `-`: unknown is never 0. */
export type CellValue = string | number | bigint | boolean | null | undefined;

/** One column of a table over rows of type R. */
export interface Column<R> {
  /** Heading, without spaces, in capitals: `OLDEST-AGE`. */
  head: string;
  value: (row: R) => CellValue;
  align?: 'left' | 'right';
  /** Continues a long cell on the next line instead of cutting it: for sentences. */
  wrap?: boolean;
  /** Is never cut: an id that has to be typed again. */
  whole?: boolean;
  /** Colours the finished cell; it is not called where the stream has no colour. */
  style?: (text: string, row: R) => string;
}

const GAP = 2;
const MIN_WIDTH = 4;
const MIN_TEXT_WIDTH = 8;

/**
 * A borderless table. On a terminal long texts are cut to its width, numbers never: a table that does not
 * fit then becomes a block of `name  value` lines for each row. In a pipe nothing is cut. Ends with a newline.
 */
export function formatTable<R>(output: Output, columns: readonly Column<R>[], rows: readonly R[]): string {
  const cells = rows.map((row) => columns.map((column) => cellText(column.value(row))));
  const heads = columns.map((column) => column.head);
  const natural = naturalWidths([heads, ...cells]);
  const least = leastWidths(columns, natural, naturalWidths([heads.map(() => ''), ...cells]));
  const widths = fitWidths(natural, least, output.columns);
  if (!widths) return formatBlocks(output, heads, cells);
  const bold = colourOf(output).bold;
  const head = heads.map((text, at) => bold(truncate(text, widths[at]!)));
  const body = rows.map((row, line) =>
    columns.map((column, at) => styled(output, column, row, cut(column, cells[line]![at]!, widths[at]!))),
  );
  return `${trimLines(layOut(columns, [head, ...body]))}\n`;
}

/** The cells side by side, each as wide as the widest of its column; one of several lines goes on below. */
function layOut<R>(columns: readonly Column<R>[], rows: readonly (readonly string[])[]): string {
  const split = rows.map((cells) => cells.map((cell) => cell.split('\n')));
  const widths = columns.map((_, at) => largest(split.map((cells) => largest(cells[at]!.map(visibleWidth)))));
  return split.flatMap((cells) => linesOf(columns, widths, cells)).join('\n');
}

function linesOf<R>(
  columns: readonly Column<R>[],
  widths: readonly number[],
  cells: readonly (readonly string[])[],
): string[] {
  const height = largest(cells.map((lines) => lines.length));
  return Array.from({ length: height }, (_, line) =>
    columns.map(({ align }, at) => padded(cells[at]![line] ?? '', widths[at]!, align)).join(' '.repeat(GAP)),
  );
}

function padded(text: string, width: number, align: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(width - visibleWidth(text));
  return align === 'left' ? text + blanks : blanks + text;
}

/** Of any number of numbers: as arguments of Math.max a hundred thousand are too many. */
function largest(numbers: readonly number[]): number {
  return numbers.reduce((most, one) => Math.max(most, one), 0);
}

function formatBlocks(output: Output, heads: readonly string[], cells: readonly string[][]): string {
  const blocks = cells.map((row) =>
    formatFields(
      output,
      heads.map((head, at) => [head.toLowerCase(), row[at]] as const),
    ),
  );
  return blocks.join('\n');
}

/** `name  value` lines for one object; a long value goes on below, where it began. */
export function formatFields(
  output: Output,
  fields: readonly (readonly [name: string, value: CellValue])[],
): string {
  const width = largest(fields.map(([name]) => visibleWidth(name)));
  const room = Math.max(MIN_WIDTH, output.columns - width - GAP);
  const indent = `\n${' '.repeat(width + GAP)}`;
  const lines = fields.map(([name, value]) => {
    const text = wrap(cellText(value), room).replaceAll('\n', indent);
    return `${colourOf(output).bold(name.padEnd(width))}  ${text}`;
  });
  return `${lines.join('\n')}\n`;
}

function cut<R>(column: Column<R>, text: string, width: number): string {
  return column.wrap ? wrap(text, width) : truncate(text, width);
}

function cellText(value: unknown): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}

function styled<R>(output: Output, column: Column<R>, row: R, text: string): string {
  return column.style && output.colour ? column.style(text, row) : text;
}

function naturalWidths(lines: readonly (readonly string[])[]): number[] {
  const [first = []] = lines;
  return first.map((_, at) => largest(lines.map((line) => visibleWidth(line[at] ?? ''))));
}

/** How narrow each column may become: numbers and ids stay whole, their headings need not. */
function leastWidths<R>(
  columns: readonly Column<R>[],
  natural: readonly number[],
  values: readonly number[],
): number[] {
  return columns.map(({ whole, align }, at) => {
    if (whole) return natural[at]!;
    if (align === 'right') return Math.min(natural[at]!, Math.max(MIN_WIDTH, values[at]!));
    return Math.min(natural[at]!, MIN_TEXT_WIDTH);
  });
}

/** Takes from the widest column that may give, one by one, until the line fits; undefined where it cannot. */
function fitWidths(
  natural: readonly number[],
  least: readonly number[],
  available: number,
): number[] | undefined {
  const widths = [...natural];
  let excess = widths.reduce((sum, width) => sum + width, 0) + GAP * (widths.length - 1) - available;
  while (excess > 0) {
    const giving = widths.map((width, at) => (width > least[at]! ? width : 0));
    const widest = Math.max(...giving);
    if (widest === 0) return undefined;
    widths[giving.indexOf(widest)]! -= 1;
    excess -= 1;
  }
  return widths;
}

function trimLines(text: string): string {
  return text.replace(/[ \t]+$/gm, '');
}
