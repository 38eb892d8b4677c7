import type { ArrivalStage, Arrivals } from './arrivals.ts';

/** The plan of all stages, one after the other. */
export async function planArrivals(stages: readonly ArrivalStage[], count: number | null): Promise<Arrivals> {
  const [stage] = stages;
  if (stage?.kind !== 'constant') throw new Error('not yet');
  const { rate, durationMs } = stage;
  const total = Math.min(count ?? Number.POSITIVE_INFINITY, Math.floor((rate * durationMs) / 1000));
  return {
    total,
    durationMs,
    peakPerSecond: rate,
    dueMs: (seq) => (seq * 1000) / rate,
    dueBefore: (ms) => Math.max(0, Math.min(total, Math.ceil((ms * rate) / 1000))),
  };
}
