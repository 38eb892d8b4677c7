import type { LaneMark, LedgerMark } from '../model/batch.ts';
import type { Entries } from '../transform/pack.ts';

/** What became of a batch in the target. */
export interface Appended {
  /** By ledger only: what stands in the target now, by partition; the source may let go of it. */
  held: { partition: number; ids: string[] }[];
  appended: number;
  /** Messages that the target had already. */
  suppressed: number;
  quarantined: number;
  /** Not due yet: they wait beside the stream. */
  scheduled: number;
  /** The batch came too late and nothing was written; the source hands the messages out again. */
  expired: boolean;
}

/** Before anything was done. */
export const NOTHING_APPENDED: Appended = {
  held: [],
  appended: 0,
  suppressed: 0,
  quarantined: 0,
  scheduled: 0,
  expired: false,
};

/**
 * Where messages go. `append` writes messages, ledger or checkpoint, and counters in one atomic step
 * for each partition, waits for as long as the target cannot take them, and returns only when they
 * are as safe as was asked for. It may be repeated with the same mark and changes nothing then. A
 * QctlError of kind `target` ends the run: the target has lost data, or another holder has the lane.
 */
export interface Sink {
  append(entries: Entries, mark: LaneMark | LedgerMark): Promise<Appended>;
}
