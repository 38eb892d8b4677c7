import type { ComponentChildren } from 'preact';
import { useRef, useState } from 'preact/hooks';
import { grouped } from '../lib/format.ts';
import { inOrder, type SortValue, sortRows } from '../lib/sort.ts';
import { SortButton } from './sort-button.tsx';

/** One column. The first is the heading of its row. */
export interface Column<Row> {
  key: string;
  name: string;
  /** What it means, where the name does not say all. */
  title?: string;
  cell: (row: Row) => ComponentChildren;
  /** Without it the column cannot be sorted by. */
  sort?: (row: Row) => SortValue;
  /** Numbers stand to the right, and the greatest comes first. */
  numeric?: boolean;
  /** Share of the width, against the 1 of others. */
  wide?: number;
}

/** What is shown of a table. */
export interface TableLook {
  sort?: string;
  dir?: string;
  page?: string;
}

interface TableProps<Row> {
  caption: string;
  rows: readonly Row[];
  columns: readonly Column<Row>[];
  nameOf: (row: Row) => string;
  /** Given: the view remembers how it is looked at, in the address. */
  look?: TableLook;
  onLook?: (look: TableLook) => void;
  /** Key of the column, with `-` where the greatest comes first. */
  initial?: string;
  toneOf?: (row: Row) => string | undefined;
}

const PAGE = 50;

/** Said in words, too: on a small screen rows are drawn as cards, and then some browsers forget what they are. */
const IS = {
  table: { role: 'table' },
  rowgroup: { role: 'rowgroup' },
  row: { role: 'row' },
  columnheader: { role: 'columnheader' },
  rowheader: { role: 'rowheader' },
  cell: { role: 'cell' },
} as const;

/** A table that can be sorted, in pages. Rows do not change their places while somebody is about to choose one. */
export function DataTable<Row>(props: TableProps<Row>) {
  const { caption, columns, nameOf, toneOf } = props;
  const own = useState<TableLook>({});
  const [look, setLook] = props.look && props.onLook ? [props.look, props.onLook] : own;
  const [held, setHeld] = useState(false);
  const { key, descending } = sortOf(look, props.initial);
  const rows = useHeldOrder(props, key, descending, held);
  const pages = Math.max(1, Math.ceil(rows.length / PAGE));
  const page = Math.min(pages, Math.max(1, Number(look.page) || 1));
  const shown = rows.slice((page - 1) * PAGE, page * PAGE);
  const whole = columns.reduce((sum, { wide = 1 }) => sum + wide, 0);
  const choose = (column: string, down: boolean): void =>
    setLook({ ...look, sort: column, dir: down ? 'desc' : 'asc', page: undefined });
  return (
    <div class="table-box">
      <table {...IS.table}>
        <caption class="hidden">{caption}</caption>
        <thead {...IS.rowgroup}>
          <tr {...IS.row}>
            {columns.map((column) => (
              <th
                key={column.key}
                {...IS.columnheader}
                scope="col"
                class={column.numeric ? 'num' : undefined}
                style={{ '--width': `${((column.wide ?? 1) / whole) * 100}%` }}
                aria-sort={column.key === key ? (descending ? 'descending' : 'ascending') : undefined}
              >
                <SortButton
                  column={column}
                  active={column.key === key}
                  descending={descending}
                  choose={choose}
                />
              </th>
            ))}
          </tr>
        </thead>
        <tbody
          {...IS.rowgroup}
          onPointerEnter={() => setHeld(true)}
          onPointerLeave={() => setHeld(false)}
          onFocusIn={() => setHeld(true)}
          onFocusOut={() => setHeld(false)}
        >
          {shown.map((row) => (
            <Row key={nameOf(row)} row={row} columns={columns} tone={toneOf?.(row)} />
          ))}
        </tbody>
      </table>
      {rows.length > PAGE && (
        <Pager
          page={page}
          pages={pages}
          rows={rows.length}
          go={(to) => setLook({ ...look, page: String(to) })}
        />
      )}
    </div>
  );
}

function Row<R>({ row, columns, tone }: { row: R; columns: readonly Column<R>[]; tone?: string }) {
  return (
    <tr {...IS.row} class={tone}>
      {columns.map(({ key, name, numeric, cell }, at) =>
        at === 0 ? (
          <th key={key} {...IS.rowheader} scope="row">
            {cell(row)}
          </th>
        ) : (
          <td key={key} {...IS.cell} class={numeric ? 'num' : undefined} data-name={name}>
            <div class="value">{cell(row)}</div>
          </td>
        ),
      )}
    </tr>
  );
}

function Pager({
  page,
  pages,
  rows,
  go,
}: {
  page: number;
  pages: number;
  rows: number;
  go: (to: number) => void;
}) {
  const from = (page - 1) * PAGE + 1;
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={page === 1} onClick={() => go(page - 1)}>
        Previous
      </button>
      <span>
        {grouped(from)}–{grouped(Math.min(rows, page * PAGE))} of {grouped(rows)}
      </span>
      <button type="button" disabled={page === pages} onClick={() => go(page + 1)}>
        Next
      </button>
    </nav>
  );
}

function sortOf({ sort, dir }: TableLook, initial = ''): { key: string; descending: boolean } {
  if (sort) return { key: sort, descending: dir === 'desc' };
  return { key: initial.replace(/^-/, ''), descending: initial.startsWith('-') };
}

function useHeldOrder<Row>(props: TableProps<Row>, key: string, descending: boolean, held: boolean): Row[] {
  const { rows, columns, nameOf } = props;
  const last = useRef({ by: '', names: [] as string[] });
  const by = `${key} ${descending}`;
  const sort = columns.find((column) => column.key === key)?.sort;
  if (held && last.current.by === by) return inOrder(rows, last.current.names, nameOf);
  const sorted = sort ? sortRows(rows, sort, descending, nameOf) : [...rows];
  last.current = { by, names: sorted.map(nameOf) };
  return sorted;
}
