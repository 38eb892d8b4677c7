/** A value that settling writes: a literal, or an SQL expression. */
export type SetValue = string | number | boolean | null | { sql: string };

/** What is done to a row once it stands in the target. */
export type Done = { delete: true } | { set: Record<string, SetValue> };

/**
 * A queue in a table, as the operator describes it. Where a field is an exact column name it means
 * that column, else it is an SQL expression over the row.
 */
export interface PostgresSpec {
  format: 'generic';
  /** As in SQL: `alerts`, `public.alerts`, `"My Schema"."Jobs"`. */
  table: string;
  /** Primary key column; several in copy mode only. */
  id: string[];
  payload: string;
  /** SQL condition; absent: every row. */
  ready?: string;
  /** Columns, ascending; absent: by id. */
  order?: string[];
  key?: string;
  type?: string;
  priority?: string;
  attempts?: string;
  enqueuedAt?: string;
  notBefore?: string;
  attributes?: Record<string, string>;
  done: Done;
  mode: 'move' | 'copy';
}
