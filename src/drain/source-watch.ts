import type { Depth } from '../sources/source.ts';
import type { Totals } from './totals.ts';

/** What may happen to a source besides this run. */
export type SourceChangeCode =
  | 'COMPETING_CONSUMER'
  | 'LEFT'
  | 'PURGED'
  | 'TRUNCATED'
  | 'RECREATED'
  | 'VANISHED'
  | 'RETENTION';

/** Something that happened to the source while the run was at work, and not because of it. */
export interface SourceChange {
  code: SourceChangeCode;
  /** A problem keeps the run from counting as converged. */
  level: 'problem' | 'note';
  text: string;
  /** Messages it is about, at least and about; null where that is not known. */
  count: number | null;
}

/** Whoever looks after a source while a run drains it. Starts with the run, changes nothing. */
export interface SourceWatch {
  /** Ends the watch, with what both sides say now: the source was asked first. */
  finish(depth: Depth, totals: Totals): Promise<SourceChange[]>;
  /** Ends it without a verdict; may be called twice. */
  stop(): void;
}

/** Changes that the operator's own consumers make, and that `--allow-competing` excuses. */
const EXCUSABLE: SourceChangeCode[] = ['COMPETING_CONSUMER', 'LEFT', 'PURGED', 'VANISHED'];

/** Turns what the operator has allowed into notes. */
export function excused(changes: SourceChange[], allowCompeting: boolean): SourceChange[] {
  if (!allowCompeting) return changes;
  return changes.map((change) => (EXCUSABLE.includes(change.code) ? { ...change, level: 'note' } : change));
}

/**
 * Puts together what several processes and lives of one run have seen: of each kind the largest,
 * since they may have seen the same.
 */
export function merged(before: SourceChange[], now: SourceChange[]): SourceChange[] {
  const byCode = new Map<SourceChangeCode, SourceChange>();
  for (const change of [...before, ...now]) {
    const known = byCode.get(change.code);
    if (!known || (change.count ?? 0) >= (known.count ?? 0)) byCode.set(change.code, change);
  }
  return [...byCode.values()];
}

/**
 * How many messages can be shown to have left a source without the run: at least so many, since what
 * arrived meanwhile is not known and hides as many again.
 *
 * @param before what the source held, and what the run had settled until just before it was asked
 * @param after what it holds, and what the run had brought to the target until just after
 */
export function leftWithout(
  before: { held: number; settled: number },
  after: { held: number; carried: number },
): number {
  return before.held - after.held - (after.carried - before.settled);
}

/** Everything that a run may have made a source let go of. */
export function carriedBy(totals: Totals): number {
  return totals.appended + totals.scheduled + totals.quarantined + totals.duplicatesSuppressed;
}
