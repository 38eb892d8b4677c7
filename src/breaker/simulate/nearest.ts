import { type BreakerSettings, MINIMUM_CALLS } from '../../model/breaker-settings.ts';
import type { CallCounts } from '../view.ts';
import { causeOf } from '../window.ts';

/** How near it came to one of its thresholds. */
export interface Approach {
  /** Failures, or percent. */
  value: number;
  threshold: number;
  calls: number;
  atMs: number;
}

/** How near a breaker came that has not opened. What it does not look at, or never had enough calls for, is null. */
export interface Nearest {
  failures: Approach | null;
  failureRate: Approach | null;
  slowCallRate: Approach | null;
  /** Most calls in the window of a failure. */
  mostCalls: number;
  /** Calls below which it does not look. */
  minimumCalls: number;
  /** True where only the processes in trouble were too few. */
  tooFewInstances: boolean;
}

/** Watches how near the counts come to opening. */
export class NearestWatch {
  readonly nearest: Nearest;
  private readonly settings: BreakerSettings;

  constructor(settings: BreakerSettings) {
    this.settings = settings;
    const { minimumCalls, failureThreshold } = settings;
    this.nearest = {
      ...{ failures: null, failureRate: null, slowCallRate: null, mostCalls: 0, tooFewInstances: false },
      minimumCalls: minimumCalls ?? (failureThreshold > 0 ? 0 : MINIMUM_CALLS),
    };
  }

  /** Looks at what lies in the window after a call that has failed or was slow. */
  see(counts: CallCounts, atMs: number): void {
    const { failureThreshold, failureRate, slowCallMs, slowCallRate, minimumCalls } = this.settings;
    const { nearest } = this;
    const calls = counts.ok + counts.failed;
    const near = (value: number, threshold: number, before: Approach | null): Approach =>
      before && before.value >= value ? before : { value, threshold, calls, atMs };
    nearest.mostCalls = Math.max(nearest.mostCalls, calls);
    if (causeOf(this.settings, counts)) nearest.tooFewInstances = true;
    if (failureThreshold > 0) nearest.failures = near(counts.failed, failureThreshold, nearest.failures);
    if (calls === 0 || calls < (minimumCalls ?? MINIMUM_CALLS)) return;
    if (failureRate > 0)
      nearest.failureRate = near((counts.failed * 100) / calls, failureRate, nearest.failureRate);
    if (slowCallMs > 0 && slowCallRate > 0)
      nearest.slowCallRate = near((counts.slow * 100) / calls, slowCallRate, nearest.slowCallRate);
  }
}
