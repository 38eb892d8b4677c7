import type { Message } from './message.ts';
import type { PackedRows } from './packed.ts';

/**
 * How the target recognises a batch that it already has, by lane: every lane of a run writes its
 * batches one after the other, each from the token the writer believes in to the next one.
 */
export interface LaneMark {
  kind: 'lane';
  lane: number;
  /** Number that only the lane's present holder has; the target refuses every other. */
  fence: string;
  /** Token of this batch; the target keeps it together with the messages. */
  token: string;
  /**
   * What a successor must know of this batch: its position (copy mode) or transaction (move mode).
   * While the note stays the same, ids add up; with a new one the batches before count as settled.
   */
  note: string;
  /** Whether the ids must be kept until the source is settled (move mode). */
  keepIds: boolean;
  /** The partitions that lack this batch, where the others are known to have it; undefined: all. */
  partitions?: number[];
}

/** How the target recognises messages that it already has, one by one, by their ids. */
export interface LedgerMark {
  kind: 'ledger';
  /** Server time in ms after which the target must refuse the batch: somebody else may hold it by then. */
  deadlineMs: number;
  /** The source has let go of the messages already: they are appended whatever else may have been lost. */
  rescue?: boolean;
}

/** What a source hands out: messages that belong together, and how they are settled. */
export interface Batch {
  readonly count: number;
  /** Size of all bodies and fields in bytes, about. */
  bytes: number;
  /** Set where the source already delivers the default envelope; the names are its fields. */
  rows: PackedRows | null;
  messages(): Message[];
  mark: LaneMark | LedgerMark;
}
