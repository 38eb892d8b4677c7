import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { truncate, visibleWidth } from '../term/text.ts';
import { type Fitted, fitColumns, GAP } from './fit.ts';
import { type Choice, chosenRows } from './rows.ts';
import { type Head, type Paint, type Row, sortName, type Table } from './table.ts';

/** Lines of a table. */
export interface Drawn {
  head: string;
  rows: string[];
}

/** How a table is drawn. */
export interface Drawing {
  output: Output;
  width: number;
  sort: Pick<Choice, 'sort' | 'reverse'>;
}

const SELECTED = '> ';
const OTHERS = '  ';

/**
 * A heading and a line for each row.
 *
 * @param rows those that are seen
 * @param selected which of them is marked; undefined: there is no mark, and no room for one
 */
export function drawTable(table: Table, rows: readonly Row[], drawing: Drawing, selected?: number): Drawn {
  const { output, width, sort } = drawing;
  const marks = selected !== undefined;
  const columns = fitColumns(table.heads, rows, marks ? width - OTHERS.length : width);
  const titles = columns.map((column) => titleOf(table.heads[column.at]!, column.width, sort));
  const { bold, inverse } = colourOf(output);
  const lines = rows.map((row, line) => {
    if (line !== selected) return `${marks ? OTHERS : ''}${rowLine(table, columns, row, output)}`;
    const plain = `${SELECTED}${rowLine(table, columns, row)}`;
    return output.colour ? inverse(plain + ' '.repeat(Math.max(0, width - visibleWidth(plain)))) : plain;
  });
  return { head: `${marks ? OTHERS : ''}${bold(joined(table, columns, titles))}`, rows: lines };
}

/** A table as a whole, as a result that is printed once. */
export function formatWhole(output: Output, table: Table, choice: Choice): string {
  const drawing = { output, width: output.columns, sort: { sort: null, reverse: false } };
  const { head, rows } = drawTable(table, chosenRows(table, choice), drawing);
  return `${[head, ...rows].map((line) => line.trimEnd()).join('\n')}\n`;
}

/** With a sign where it is sorted by. */
function titleOf(head: Head, width: number, { sort, reverse }: Drawing['sort']): string {
  const text = head.head.length > width ? (head.short ?? head.head) : head.head;
  if (sort === null || sortName(head) !== sort) return truncate(text, width);
  return `${text.slice(0, width - 1)}${reverse ? '▲' : '▼'}`;
}

function rowLine(table: Table, columns: readonly Fitted[], row: Row, output?: Output): string {
  const cells = columns.map(({ at, width }) => truncate(row.cell(at, width), width));
  const paints = output?.colour ? columns.map(({ at }) => row.paint(at)) : [];
  return joined(table, columns, cells, (text, at) => painted(text, paints[at], output));
}

function painted(text: string, paint: Paint | undefined, output: Output | undefined): string {
  return paint && output ? colourOf(output)[paint](text) : text;
}

function joined(
  { heads }: Table,
  columns: readonly Fitted[],
  cells: readonly string[],
  style = (text: string, _at: number) => text,
): string {
  return columns
    .map(({ at, width }, index) => {
      const text = cells[index]!;
      const blanks = ' '.repeat(Math.max(0, width - visibleWidth(text)));
      const shown = style(text, index);
      if (heads[at]!.align === 'right') return blanks + shown;
      return index === columns.length - 1 ? shown : shown + blanks;
    })
    .join(' '.repeat(GAP));
}
