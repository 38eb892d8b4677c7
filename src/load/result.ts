/** What a load run has measured. Times in ms from the intended moment of sending to the acknowledgement. */
export interface LoadResult {
  type: 'load';
  target: string;
  /** Messages a second that were asked for, and that Redis has taken. */
  wantedPerSecond: number;
  ratePerSecond: number;
  sent: number;
  elapsedMs: number;
  latencyMs: { mean: number; p50: number; p90: number; p99: number; p999: number; max: number } | null;
  /** Sent, and not seen by one of the groups. */
  lost: number;
  /** Seen by one group more than once. */
  doubled: number;
  errors: number;
  /** The latest that a message was sent behind its time, in ms. */
  lateMs: number;
  /** True where this process was too slow for the schedule: the numbers say little of the target then. */
  generatorLimited: boolean;
  thresholds: { text: string; holds: boolean | null }[];
}

/** What thresholds may speak of. */
export const MEASURES = [
  'rate',
  'mean',
  'p50',
  'p90',
  'p99',
  'p999',
  'max',
  'lost',
  'doubled',
  'errors',
] as const;

/** The numbers by those names; null where there was no message. */
export function measuresOf(result: Omit<LoadResult, 'thresholds'>): Record<string, number | null> {
  const { latencyMs } = result;
  return {
    rate: result.ratePerSecond,
    lost: result.lost,
    doubled: result.doubled,
    errors: result.errors,
    ...(latencyMs ?? { mean: null, p50: null, p90: null, p99: null, p999: null, max: null }),
  };
}

/** Percentiles of all latencies, by nearest rank; null of none. */
export function summarise(latencies: Float64Array): LoadResult['latencyMs'] {
  if (latencies.length === 0) return null;
  const sorted = latencies.toSorted();
  const at = (part: number) => sorted[Math.min(sorted.length - 1, Math.ceil(part * sorted.length) - 1)]!;
  const mean = sorted.reduce((sum, one) => sum + one, 0) / sorted.length;
  return { mean, p50: at(0.5), p90: at(0.9), p99: at(0.99), p999: at(0.999), max: sorted.at(-1)! };
}
