import { sqlState } from '../../backends/postgres/index.ts';

/** Stands where an SQLSTATE does. */
const NOT_COUNTED = 'QC001';

/** Missing tables and columns, rights, and what was left out. */
const NOT_KNOWN = ['42P01', '42703', '42501', '3F000', NOT_COUNTED];

/** A query that was not run, or was ended, because it reads more than the asker wants to put upon the server. */
export class NotCounted extends Error {
  readonly code = NOT_COUNTED;
  /** Tables that it would have read. */
  readonly tables: readonly string[];

  constructor(tables: readonly string[], why: string) {
    super(`not counted: ${why}`);
    this.name = 'NotCounted';
    this.tables = tables;
  }
}

/** Whether a query was left out for what it would have cost. */
export function isNotCounted(error: unknown): boolean {
  return sqlState(error) === NOT_COUNTED;
}

/** Whether an error only means that something cannot be known: it is not there, or may or should not be asked. */
export function isNotKnown(error: unknown): boolean {
  return NOT_KNOWN.includes(sqlState(error) ?? '');
}
