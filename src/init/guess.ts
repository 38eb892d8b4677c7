import {
  enqueuedColumn,
  growsByType,
  isText,
  type NamedColumn,
  NOT_BEFORE,
} from '../sources/postgres/column-names.ts';

/** What the columns of a table seem to be for; null where none looks like it. */
export interface ColumnGuesses {
  key: string | null;
  type: string | null;
  priority: string | null;
  attempts: string | null;
  enqueuedAt: string | null;
  notBefore: string | null;
  /** Columns in whose order rows came to be, where the id does not tell that; else empty: by the id. */
  order: string[];
  /** Other points of time, of which one could be a time to wait for. */
  times: string[];
}

const KEY =
  /^(?:agent|tenant|customer|client|user|account|organi[sz]ation|org|order|device|session|conversation|group|entity)_id$/;
const TYPE = /^(?:\w+_)?(?:type|kind|topic|category|channel)$/;
/** Names of a time that has been. */
const PAST = /^(?:\w+ed|(?:\w+_)?sent|done|seen)(?:_(?:at|on|until))?$/;

/** Guesses by names and types; `id` is the primary key. */
export function guessColumns(columns: readonly NamedColumn[], id: readonly string[]): ColumnGuesses {
  const one = (pattern: RegExp, type: RegExp = /./) =>
    columns.find((column) => pattern.test(column.name) && type.test(column.type))?.name ?? null;
  const enqueuedAt = enqueuedColumn(columns) ?? null;
  const notBefore = one(NOT_BEFORE, /^timestamp/);
  return {
    key: columns.find(({ name }) => KEY.test(name) && !id.includes(name))?.name ?? null,
    type: columns.find((column) => TYPE.test(column.name) && isText(column))?.name ?? null,
    priority: one(/^priority$/, /int|numeric/),
    attempts: one(/^(?:attempts?|retries|retry_count|tries)$/, /int/),
    enqueuedAt,
    notBefore,
    order: enqueuedAt !== null && !grows(columns, id) ? [enqueuedAt, ...id] : [],
    times: columns.filter((column) => isOpen(column) && column.name !== enqueuedAt).map(({ name }) => name),
  };
}

/** A point of time that may lie ahead. */
function isOpen({ name, type }: NamedColumn): boolean {
  return type.startsWith('timestamp') && (NOT_BEFORE.test(name) || !PAST.test(name));
}

/** Whether a later row has a greater id. */
function grows(columns: readonly NamedColumn[], id: readonly string[]): boolean {
  return id.every((name) => columns.some((one) => one.name === name && growsByType(one)));
}

const BODIES = 'payload body data message content event args arguments params input'.split(' ');
const HOLDS_BODY = /^(?:jsonb?|text|bytea|character varying)/;

/** The column of the body. */
export function payloadOf(columns: readonly NamedColumn[]): string | null {
  const fit = columns.filter(({ type }) => HOLDS_BODY.test(type));
  const named = BODIES.map((body) => fit.find(({ name }) => name === body || name.endsWith(`_${body}`)));
  return (named.find(Boolean) ?? fit.find(({ type }) => /^jsonb?$/.test(type)))?.name ?? null;
}
