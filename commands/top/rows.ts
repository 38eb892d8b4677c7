import { type Order, type Row, sortName, type Table } from './table.ts';

/** Which rows, and in which order. */
export interface Choice {
  /** Name of a column; null: as the view has them. */
  sort: string | null;
  reverse: boolean;
  /** Only rows with this text in any cell, be it in capitals or not. */
  filter: string;
}

/** The names that a table can be sorted by. */
export function sortsOf({ heads }: Table): string[] {
  return heads.filter(({ sortable }) => sortable).map(sortName);
}

/** The rows that are chosen. Numbers begin with the largest, texts with A; what is not known stands last. */
export function chosenRows(table: Table, { sort, reverse, filter }: Choice): readonly Row[] {
  const rows = filter === '' ? table.rows : table.rows.filter((row) => matches(table, row, filter));
  const at = table.heads.findIndex((head) => head.sortable && sortName(head) === sort);
  if (at < 0) return reverse ? rows.toReversed() : rows;
  return rows
    .map((row) => ({ row, order: row.order(at) }))
    .toSorted((a, b) => compare(a.order, b.order, reverse))
    .map(({ row }) => row);
}

function matches({ heads }: Table, row: Row, filter: string): boolean {
  const wanted = filter.toLowerCase();
  // A line of signs holds nothing to look for.
  return heads.some(({ most }, at) => most === undefined && row.cell(at, 0).toLowerCase().includes(wanted));
}

function compare(a: Order, b: Order, reverse: boolean): number {
  if (a === null || b === null) return Number(a === null) - Number(b === null);
  const way = reverse ? -1 : 1;
  if (typeof a === 'string' || typeof b === 'string')
    return way * (String(a) < String(b) ? -1 : Number(a !== b));
  return way * (b - a);
}
