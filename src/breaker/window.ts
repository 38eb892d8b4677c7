import { type BreakerSettings, MINIMUM_CALLS } from '../model/breaker-settings.ts';
import type { CallCounts, Cause } from './view.ts';

/** A window is counted in twelfths. */
const PARTS = 12;
const LEAST_BUCKET_MS = 100;

type Outcomes = Pick<CallCounts, 'ok' | 'failed' | 'slow'>;

interface Bucket extends CallCounts {
  by: Map<string, Outcomes>;
}

/** Calls over a rolling window, for one process or for all; time is handed in. */
export class CallWindow {
  private readonly buckets = new Map<number, Bucket>();

  /** Counts calls at this time; `instance` says who has seen them, where that matters by the settings. */
  add(settings: BreakerSettings, nowMs: number, counts: Partial<CallCounts>, instance = ''): void {
    const { ok = 0, failed = 0, slow = 0, rejected = 0 } = counts;
    if (ok + failed + slow + rejected === 0) return;
    const bucket = this.bucketAt(settings, nowMs);
    bucket.rejected += rejected;
    const sums: Outcomes[] = [bucket];
    if (settings.instances > 1) sums.push(ownOf(bucket, instance));
    for (const sum of sums) {
      sum.ok += ok;
      sum.failed += failed;
      sum.slow += slow;
    }
    this.forgetOld(settings, nowMs);
  }

  /** What lies in the window, the part of a bucket that reaches into it included. */
  count(settings: BreakerSettings, nowMs: number): CallCounts {
    const sum = { ok: 0, failed: 0, slow: 0, rejected: 0 };
    for (const { ok, failed, slow, rejected } of this.current(settings, nowMs)) {
      sum.ok += ok;
      sum.failed += failed;
      sum.slow += slow;
      sum.rejected += rejected;
    }
    return sum;
  }

  /** Forgets everything. */
  forget(): void {
    this.buckets.clear();
  }

  /** Why these counts open a breaker; undefined where they do not. */
  whyOpen(settings: BreakerSettings, nowMs: number): Cause | undefined {
    const cause = causeOf(settings, this.count(settings, nowMs));
    if (cause === undefined || settings.instances <= 1) return cause;
    return this.inTrouble(settings, nowMs) >= settings.instances ? cause : undefined;
  }

  private inTrouble(settings: BreakerSettings, nowMs: number): number {
    const sums = new Map<string, Outcomes>();
    for (const { by } of this.current(settings, nowMs)) {
      for (const [instance, { ok, failed, slow }] of by) {
        const sum = sums.get(instance) ?? { ok: 0, failed: 0, slow: 0 };
        sums.set(instance, { ok: sum.ok + ok, failed: sum.failed + failed, slow: sum.slow + slow });
      }
    }
    return [...sums.values()].filter((sum) => isInTrouble(settings, sum)).length;
  }

  private bucketAt(settings: BreakerSettings, nowMs: number): Bucket {
    const bucketMs = bucketMsOf(settings);
    const start = Math.floor(nowMs / bucketMs) * bucketMs;
    const known = this.buckets.get(start);
    if (known) return known;
    const bucket = { ok: 0, failed: 0, slow: 0, rejected: 0, by: new Map() };
    this.buckets.set(start, bucket);
    return bucket;
  }

  private current(settings: BreakerSettings, nowMs: number): Bucket[] {
    const bucketMs = bucketMsOf(settings);
    const found: Bucket[] = [];
    for (
      let start = Math.floor(nowMs / bucketMs) * bucketMs;
      start + bucketMs > nowMs - settings.windowMs;
      start -= bucketMs
    ) {
      const bucket = this.buckets.get(start);
      if (bucket) found.push(bucket);
    }
    return found;
  }

  private forgetOld({ windowMs }: BreakerSettings, nowMs: number): void {
    if (this.buckets.size <= 4 * PARTS) return;
    for (const start of this.buckets.keys()) if (start < nowMs - 3 * windowMs) this.buckets.delete(start);
  }
}

function ownOf({ by }: Bucket, instance: string): Outcomes {
  const own = by.get(instance) ?? { ok: 0, failed: 0, slow: 0 };
  by.set(instance, own);
  return own;
}

function bucketMsOf({ windowMs }: BreakerSettings): number {
  return Math.max(LEAST_BUCKET_MS, Math.floor(windowMs / PARTS));
}

/** Why calls in a window open a breaker; undefined where they do not. */
export function causeOf(settings: BreakerSettings, { ok, failed, slow }: Outcomes): Cause | undefined {
  const { failureThreshold, failureRate, minimumCalls, slowCallMs, slowCallRate } = settings;
  const calls = ok + failed;
  if (failureThreshold > 0 && failed >= failureThreshold && calls >= (minimumCalls ?? 0)) return 'failures';
  if (calls === 0 || calls < (minimumCalls ?? MINIMUM_CALLS)) return undefined;
  if (failureRate > 0 && failed * 100 >= failureRate * calls) return 'failure-rate';
  if (slowCallMs > 0 && slowCallRate > 0 && slow * 100 >= slowCallRate * calls) return 'slow-calls';
  return undefined;
}

function isInTrouble(settings: BreakerSettings, counts: Outcomes): boolean {
  const { ok, failed, slow } = counts;
  if (causeOf(settings, counts)) return true;
  const { failureRate, slowCallMs, slowCallRate } = settings;
  const calls = ok + failed;
  if (failed > 0 && failed * 100 >= (failureRate > 0 ? failureRate : 50) * calls) return true;
  return slowCallMs > 0 && slowCallRate > 0 && slow > 0 && slow * 100 >= slowCallRate * calls;
}
