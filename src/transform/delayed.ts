import { Now } from '../model/due.ts';
import {
  type FieldValue,
  fieldAt,
  type PackedRows,
  packRows,
  rowCount,
  rowField,
  rowFields,
} from '../model/packed.ts';

/** Messages that are not due yet: they wait beside the stream. */
export interface Delayed {
  /** Each as it will stand in the stream: name, value, name, value. */
  rows: PackedRows;
  ids: string[];
  /** When each is due, in ms since 1970. */
  dueMs: number[];
  keys: (Buffer | null)[] | null;
}

/** A script in the target takes no entry apart that has more values than this. */
const MOST_VALUES = 7000;

/** Collects messages that are not due yet. */
export class Waiting {
  private readonly now: Now | undefined;
  private readonly rows: FieldValue[][] = [];
  private readonly delayed: Delayed;

  /** Without a clock every message is due. */
  constructor(targetNow: (() => number) | undefined, withKeys: boolean) {
    this.now = targetNow && new Now(targetNow());
    this.delayed = { rows: packRows([], []), ids: [], dueMs: [], keys: withKeys ? [] : null };
  }

  /** When a message with this time is due; undefined where it is due already. */
  dueOf(time: Buffer | null): number | undefined {
    return time === null ? undefined : this.now?.dueOf(time);
  }

  /** The same for a field of packed rows. */
  dueOfField(rows: PackedRows, index: number, position: number): number | undefined {
    const at = fieldAt(rows, index, position);
    const length = rows.data.readInt32BE(at);
    if (length < 0 || !this.now || this.now.isPast(rows.data, at + 4, length)) return undefined;
    return this.now.dueOf(rows.data.subarray(at + 4, at + 4 + length));
  }

  /** Takes a message; false where it is too large to wait, and must be treated like one that is due. */
  add(due: number, entry: FieldValue[], id: string, key: Buffer | null): boolean {
    if (entry.length > MOST_VALUES) return false;
    this.rows.push(entry);
    this.delayed.ids.push(id);
    this.delayed.dueMs.push(due);
    this.delayed.keys?.push(key);
    return true;
  }

  /** What was taken; undefined where nothing was. */
  all(): Delayed | undefined {
    if (this.rows.length === 0) return undefined;
    return { ...this.delayed, rows: packRows([], this.rows) };
  }
}

/**
 * Takes those rows that are not due out of what the source has packed. Looks at nothing where the rows
 * say no time.
 *
 * @returns the places of the rows that are due; undefined where all of them are
 */
export function takeDelayed(rows: PackedRows, waiting: Waiting): number[] | undefined {
  const timeAt = rows.names.indexOf('notBefore');
  if (timeAt < 0) return undefined;
  const keyAt = rows.names.indexOf('key');
  const due: number[] = [];
  const count = rowCount(rows);
  for (let i = 0; i < count; i += 1) {
    const later = waiting.dueOfField(rows, i, timeAt);
    if (later === undefined || !addRow(rows, i, later, keyAt, waiting)) due.push(i);
  }
  return due.length === count ? undefined : due;
}

function addRow(rows: PackedRows, i: number, due: number, keyAt: number, waiting: Waiting): boolean {
  const key = keyAt < 0 ? null : rowField(rows, i, keyAt);
  return waiting.add(due, pairsOf(rows, i), rowField(rows, i, 0)!.toString(), key);
}

function pairsOf(rows: PackedRows, index: number): FieldValue[] {
  const fields = rowFields(rows, index);
  return rows.names.flatMap((name, i) => {
    const value = fields[i] ?? null;
    return value === null ? [] : [name, value];
  });
}
