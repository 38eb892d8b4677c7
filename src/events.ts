/** SQS receivers at work, and why the last change was made. */
export interface Receivers {
  active: number;
  min: number;
  max: number;
  why: string;
}

/**
 * How a drain fares: `waiting` for a server or somebody's lock, `braked` by a limit, `paused` by an
 * operator, `following` an empty source.
 */
export type DrainState = 'running' | 'waiting' | 'braked' | 'paused' | 'following' | 'stopping';

/** A brake that holds a drain. */
export interface HeldBy {
  brake: string;
  /** As a sentence. */
  reason: string;
  limit: number | string | null;
  /** What was measured; null where it could not be. */
  value: number | null;
  /** RFC 3339. */
  since: string;
}

/** One look at a running drain; every renderer and report starts from it. */
export interface DrainSnapshot {
  type: 'progress';
  run: string;
  state: DrainState;
  /** Messages of this process since it started. */
  read: number;
  appended: number;
  duplicatesSuppressed: number;
  settled: number;
  quarantined: number;
  /** Lost by the target, in a failover, before the source was settled, and therefore appended again. */
  reappended: number;
  /** Of this process as well: not due yet, and put aside until they are. */
  scheduled: number;
  /** Messages a second over the last seconds. */
  ratePerSecond: number;
  /** What is still in the source; null where unknown. */
  remaining: number | null;
  etaMs: number | null;
  /** SQS only. */
  receivers: Receivers | null;
  /** Messages that were received and are not wanted: they stay in the source. */
  passedOver: number;
  /** Why nothing moves, the first reason; null while something does. */
  waitingFor: string | null;
  /** Everything that is waited for, who and why. */
  waits: string[];
  /** Every brake that holds it. */
  brakes: HeldBy[];
  /** Who holds it, since when and why; null where nobody does. */
  paused: { by: string; since: string; reason: string | null } | null;
  elapsedMs: number;
}

/** What the library tells while it works. It never prints; who listens decides. */
export interface DrainEvents {
  /** A snapshot, a few times a second. */
  progress?(snapshot: DrainSnapshot): void;
  /** Something an operator should know, once, as a sentence. */
  note?(text: string): void;
}
