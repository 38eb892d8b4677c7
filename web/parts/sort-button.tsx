import type { Column } from './table.tsx';

interface SortButtonProps<Row> {
  column: Column<Row>;
  active: boolean;
  descending: boolean;
  choose: (key: string, descending: boolean) => void;
}

/** The heading of a column: a button where it can be sorted by. Chosen again, it turns the order round. */
export function SortButton<Row>({ column, active, descending, choose }: SortButtonProps<Row>) {
  const { key, name, title, sort, numeric = false } = column;
  if (!sort) return <span title={title}>{name}</span>;
  return (
    <button
      type="button"
      class={active ? 'sort active' : 'sort'}
      title={title}
      onClick={() => choose(key, active ? !descending : numeric)}
    >
      {name}
      <span class="arrow" aria-hidden="true">
        {active ? (descending ? '▼' : '▲') : ''}
      </span>
    </button>
  );
}
