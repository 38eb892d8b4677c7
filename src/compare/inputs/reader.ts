import type { Value } from '../json.ts';

/** One record of a side, as it was read. */
export interface ReadRecord {
  /** Entry id, `line 3`, `row 3`. */
  position: string;
  /** That of the place it stands in; null where it has none. */
  timeMs: number | null;
  /** JSON of the record, from which {@link SideReader.decode} makes the value again. */
  text: Buffer;
  value: Value;
}

/** What stands there and is no record. */
export interface Unreadable {
  position: string;
  /** As a clause: `it is no JSON`. */
  problem: string;
}

/** Reads one side from its beginning to its end, once. */
export interface SideReader {
  /** For people; no password. */
  label: string;
  /** Of the text of a record. Sides with the same function may be compared as text. */
  decode(text: string): Value;
  /**
   * A few at a time. Ends early at the signal of the work. Throws a QctlError where the side cannot be read.
   */
  read(): AsyncGenerator<(ReadRecord | Unreadable)[]>;
  /** The clock of the side, in ms; undefined where it has none. */
  clock?(): Promise<number>;
  /**
   * Once it was read: the time up to which it was, by its clock, in ms. Undefined where nobody has fixed one:
   * it was read as it stood when the reading began, or where it {@link isFed}, when the reading ended.
   */
  readToMs?(): number | undefined;
  /** Somebody else is writing what is read, and ends it. */
  isFed?: boolean;
}
