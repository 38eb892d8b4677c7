import { type BreakerSettings, MINIMUM_CALLS } from '../model/breaker-settings.ts';
import type { CallCounts } from './view.ts';

/** One threshold of a breaker and how near its counts are. */
export interface Threshold {
  kind: 'failures' | 'failure-rate' | 'slow-calls';
  /** A number of failures, or percent; null for a rate of no calls. */
  value: number | null;
  /** At which it opens. */
  limit: number;
  /** Calls in the window below which it does not judge. */
  minimumCalls: number;
  /** True where this alone would open it; with `instances` above 1 so many processes must see it. */
  reached: boolean;
}

/** The thresholds that are in force, in the order in which they are judged. */
export function thresholdsOf(settings: BreakerSettings, counts: CallCounts): Threshold[] {
  const { failureThreshold, failureRate, slowCallMs, slowCallRate, minimumCalls } = settings;
  const { ok, failed, slow } = counts;
  const calls = ok + failed;
  const share = (part: number) => (calls === 0 ? null : (part / calls) * 100);
  const found: Omit<Threshold, 'reached'>[] = [];
  if (failureThreshold > 0)
    found.push({ kind: 'failures', value: failed, limit: failureThreshold, minimumCalls: minimumCalls ?? 0 });
  const least = minimumCalls ?? MINIMUM_CALLS;
  if (failureRate > 0)
    found.push({ kind: 'failure-rate', value: share(failed), limit: failureRate, minimumCalls: least });
  if (slowCallMs > 0 && slowCallRate > 0)
    found.push({ kind: 'slow-calls', value: share(slow), limit: slowCallRate, minimumCalls: least });
  return found.map((one) => ({
    ...one,
    reached: one.value !== null && calls >= one.minimumCalls && one.value >= one.limit,
  }));
}
