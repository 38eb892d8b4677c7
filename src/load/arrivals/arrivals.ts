/** When messages are to be sent, whatever the target does: the plan of an open loop. */
export interface Arrivals {
  /** How many messages there are. */
  readonly total: number;
  /** How long it takes, in ms. */
  readonly durationMs: number;
  /** The highest rate of the stages that are reached; of a recording, what its busiest second holds. */
  readonly peakPerSecond: number;
  /**
   * When message `seq` (from 0) is due, in ms from the start. Never smaller than that of the one before, and quick: it
   * is asked for each message. Only for `seq < total`.
   */
  dueMs(seq: number): number;
  /** How many are due before that moment (at most `total`): what the schedule wants up to then. */
  dueBefore(ms: number): number;
}

/** Rates are messages a second, durations ms. */
export type ArrivalStage =
  | { kind: 'constant'; rate: number; durationMs: number }
  | { kind: 'ramp'; from: number; to: number; durationMs: number }
  | { kind: 'steps'; rates: number[]; eachMs: number }
  /** `base`, but in the middle `rate` for `widthMs`. */
  | { kind: 'spike'; base: number; rate: number; widthMs: number; durationMs: number }
  | { kind: 'sine'; mean: number; amplitude: number; periodMs: number; durationMs: number }
  /** Recorded times: a file of one a line, RFC 3339 or seconds, `speed` times as fast. */
  | { kind: 'replay'; file: string; speed: number };
