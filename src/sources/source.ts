import type { Batch } from '../model/batch.ts';

/** What a marker in the target says of a lane, read back when the lane is taken over. */
export interface LaneRecord {
  partition: number;
  /** Token of the last batch that reached this partition; '' before the first. */
  token: string;
  note: string;
  /** Ids of the batch that the source may not have let go of yet. */
  ids: string[];
}

/** What {@link LaneReader.recover} did about one record. */
export interface Recovery {
  partition: number;
  /** Messages that stood in the target and still in the source: settled now, not appended again. */
  suppressed: number;
  /** Messages of the marker that somebody else had taken from the source meanwhile. */
  vanished: number;
}

/** A source that is away for a while, and why: the lane gives back what it has not settled, and recovers. */
export class SourceAway extends Error {}

/** Why nothing can be read right now, or that there is nothing left. */
export type Pause = { done: true } | { done: false; reason: string };

/**
 * One lane of a source whose rows can be read in order. The drain calls `recover` with what the
 * target knows whenever it takes the lane or has lost the connection, then `read`. Batches of one unit
 * share a transaction: when `unitEnds` says that the last of them has been read, and the target has
 * confirmed them all, `settle` makes the source let go of them. `rollback` gives back whatever is not
 * settled and may be called at any time. Each call may throw an error of the driver; where it is
 * retryable the drain rolls back and recovers.
 */
export interface LaneReader {
  /** Nothing is ever let go of: what the target has lost can be read again, however long ago that was. */
  readonly keepsAll?: true;
  recover(records: LaneRecord[], fence: string): Promise<Recovery[]>;
  /** At most `limit` messages; a Pause where none are to be had. */
  read(limit: number): Promise<Batch | Pause>;
  unitEnds(): Promise<boolean>;
  settle(): Promise<void>;
  /**
   * Whether the source has let go of a unit, by the note of its batches; asked where `settle` has failed
   * and the target has lost the unit. Without it the unit counts as let go of.
   */
  hasLetGo?(note: string): Promise<boolean>;
  rollback(): Promise<void>;
  /**
   * Gives what the run holds and has not appended back to the source; returns how much. Only after
   * `recover`, where nobody will continue the run. Absent where nothing is ever left held.
   */
  release?(): Promise<number>;
  close(): Promise<void>;
}

/** True for what `read` returns where there is nothing to read. */
export function isPause(result: Batch | Pause): result is Pause {
  return 'done' in result;
}

/** A source that stays as it is and can be read again, to compare both sides. */
export interface Readable {
  /** Id and body of every message, in parts of bounded size and in no order. */
  everything(partRows: number, partBytes: number): AsyncIterable<[id: Buffer, body: Buffer][]>;
}

/** Messages of which `--filter` cannot say whether they are meant. */
export interface Unevaluated {
  count: number;
  /** Id of one of them. */
  example: string;
}

/** How much the source holds. Unknown is null. */
export interface Depth {
  /** Ready to be drained. */
  ready: number | null;
  /** With another consumer right now: in flight or locked. */
  inFlight: number | null;
  delayed: number | null;
  /** Ready, and left in the source because they are not asked for. */
  unmatched?: number;
  /** Ready, and left in the source because it cannot be said whether they are asked for. */
  unevaluated?: Unevaluated;
  /** Claimed in the source by this run itself, and not settled yet. */
  held?: number;
}
