/** The brakes, by the name of their flag. */
export const BRAKES = ['max-lag', 'max-stream-length', 'max-memory', 'max-source-load', 'stop-file'] as const;

export type BrakeName = (typeof BRAKES)[number];

/** Why a drain stands still. */
export interface BrakeReason {
  brake: BrakeName;
  /** As a sentence. */
  reason: string;
  limit: number | string | null;
  /** What was measured; null where it could not be. */
  value: number | null;
  /** RFC 3339. */
  since: string;
}

/** One look at what a brake watches. */
export interface Reading {
  value: number | null;
  /** Brakes at once. */
  over: boolean;
  /** Far enough below the limit to be let go again: between the two nothing changes. */
  calm: boolean;
  /** Messages that still fit below the limit. */
  room: number;
  /** Bytes that still fit below the limit. */
  roomBytes?: number;
  /** What is the case, as a sentence without subject: `lag 1,200 of at most 1,000`. */
  reason: string;
}

/**
 * What a brake measures. `look` is called about once a second, never twice at the same time, and throws
 * whatever keeps it from measuring: that brakes as well. `close` lets go of what it holds.
 */
export interface Probe {
  readonly brake: BrakeName;
  readonly limit: number | string | null;
  look(): Promise<Reading>;
  close?(): Promise<void>;
}

/** Released once the value is down to this part of the limit. */
const CALM_PART = 0.9;

/** The reading of something that is counted against a limit; braked at the limit, since one more would break it. */
export function counted(value: number, limit: number, reason: string): Reading {
  return {
    value,
    over: value >= limit,
    calm: value <= limit * CALM_PART,
    room: Math.max(0, limit - value),
    reason,
  };
}
