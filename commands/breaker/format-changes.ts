import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';
import type { Failure } from './change.ts';

/** One thing of one breaker, before and now. */
export interface ChangeRow {
  name: string;
  /** `state`, `override`, or the name of a setting. */
  what: string;
  before: string | null;
  now: string | null;
}

const COLUMNS: Column<ChangeRow>[] = [
  { head: 'BREAKER', value: ({ name }) => name, whole: true },
  { head: 'WHAT', value: ({ what }) => what, whole: true },
  { head: 'BEFORE', value: ({ before }) => before, wrap: true },
  { head: 'NOW', value: ({ now }) => now, wrap: true },
];

/** Prior and new, a line for each thing that was changed. */
export function formatChanges(output: Output, rows: readonly ChangeRow[]): string {
  return formatTable(output, COLUMNS, rows);
}

/** What kept one from being changed, in its place. */
export function failureRow({ name, error }: Failure): ChangeRow {
  return { name, what: 'error', before: null, now: error.message };
}
