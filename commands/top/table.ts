import type { CellValue } from '../term/table.ts';
import { printable } from '../term/text.ts';
import type { Place } from './place.ts';

/** How a cell stands out. */
export type Paint = 'red' | 'yellow' | 'cyan' | 'dim';

/** By what rows are sorted; null stands last, whichever way it goes. */
export type Order = number | string | null;

/** One column over rows of type R, as a view has it. */
export interface TopColumn<R> {
  /** In capitals, without spaces; the lower case of it is what `--sort` takes. */
  head: string;
  /** Stands there where the head is longer than what is below it. */
  short?: string;
  /** What goes first on a narrow terminal: the greatest. 0 always stays. */
  rank: number;
  /** Which text that was cut is given more room first: the least. Default: its rank. */
  grows?: number;
  align?: 'right';
  /** A text may be cut to so many columns; numbers are never cut. */
  least?: number;
  /** Takes what is left of the line, up to so many columns: a line of signs that is as long as there is room. */
  most?: number;
  /** Is left out where no row has it. */
  optional?: true;
  /** @param width room that there is */
  text: (row: R, width: number) => CellValue;
  order?: (row: R) => Order;
  paint?: (row: R) => Paint | undefined;
}

/** A column, whatever the rows are. */
export type Head = Omit<TopColumn<never>, 'text' | 'order' | 'paint'> & {
  sortable: boolean;
};

/** A row, whatever it is of; cells are made when they are drawn. */
export interface Row {
  /** Of all looks the same. */
  key: string;
  /** What Enter leads to. */
  open: Place | null;
  cell(column: number, width: number): string;
  order(column: number): Order;
  paint(column: number): Paint | undefined;
}

/** Rows that can be walked through, sorted and filtered. */
export interface Table {
  kind: 'table';
  heads: readonly Head[];
  rows: readonly Row[];
  /** What is said where there is no row. */
  empty: string;
}

/** Lines that can be scrolled; they may have colours. */
export interface Text {
  kind: 'text';
  lines: readonly string[];
}

/** What fills the middle of the screen. */
export type Content = Table | Text;

/** What a table is made of. */
export interface TableParts<R> {
  columns: readonly TopColumn<R>[];
  rows: readonly R[];
  key: (row: R) => string;
  open?: (row: R) => Place;
  empty: string;
}

/** A table that does not say any more what its rows are. */
export function tableOf<R>({ columns: all, rows, key, open, empty }: TableParts<R>): Table {
  const columns = all.filter(
    (column) => !column.optional || rows.length === 0 || rows.some((row) => has(row, column)),
  );
  return {
    kind: 'table',
    heads: columns.map((column) => ({ ...column, sortable: column.order !== undefined })),
    rows: rows.map((row) => ({
      key: key(row),
      open: open?.(row) ?? null,
      cell: (at, width) => cellText(columns[at]!.text(row, width)),
      order: (at) => columns[at]!.order?.(row) ?? null,
      paint: (at) => columns[at]!.paint?.(row),
    })),
    empty,
  };
}

/** A text, one that came from a formatter for a terminal of this width. */
export function textOf(text: string): Text {
  return { kind: 'text', lines: text.trimEnd().split('\n') };
}

function has<R>(row: R, { text }: TopColumn<R>): boolean {
  return text(row, 0) !== null;
}

/** As in every other table: what is not known is `-`. */
function cellText(value: CellValue): string {
  return value === null || value === undefined || value === '' ? '-' : printable(String(value));
}

/** The name by which a column is sorted. */
export function sortName({ head }: Pick<Head, 'head'>): string {
  return head.toLowerCase();
}
