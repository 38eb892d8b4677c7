import { performance } from 'node:perf_hooks';
import type { ReceiverSample } from './receiver-tuner.ts';

/** A long poll counts as one that finds nothing after this long, or thrice what a receive takes. */
const PATIENT_MS = 700;
const USUAL = 3;
const WEIGHT = 0.2;

/** Counts what receivers do, between one decision of the tuner and the next. */
export class ReceiverGauge {
  private settled = 0;
  private polls = 0;
  private emptyPolls = 0;
  private throttled = 0;
  private since = performance.now();
  private load = performance.eventLoopUtilization();
  /** How long a receive takes that brings something, on average. */
  private usualMs = 0;

  get elapsedMs(): number {
    return performance.now() - this.since;
  }

  /** Receives answered since the last sample. */
  get answers(): number {
    return this.polls;
  }

  polled(startedAt: number, empty: boolean): void {
    this.polls += 1;
    if (empty) this.emptyPolls += 1;
    else this.usualMs += (performance.now() - startedAt - this.usualMs) * (this.usualMs === 0 ? 1 : WEIGHT);
  }

  settle(count: number): void {
    this.settled += count;
  }

  throttle(): void {
    this.throttled += 1;
  }

  /** Whether a poll that began then has been waiting for long. */
  isLong(startedAt: number): boolean {
    return performance.now() - startedAt > Math.max(PATIENT_MS, USUAL * this.usualMs);
  }

  /** What has happened since the last sample; begins the next one. */
  take(others: Pick<ReceiverSample, 'waiting' | 'held' | 'blocked'>): ReceiverSample {
    const load = performance.eventLoopUtilization();
    const sample: ReceiverSample = {
      ...others,
      ms: Math.max(1, this.elapsedMs),
      settled: this.settled,
      polls: this.polls,
      emptyPolls: this.emptyPolls,
      throttled: this.throttled,
      busy: performance.eventLoopUtilization(load, this.load).utilization,
    };
    [this.settled, this.polls, this.emptyPolls, this.throttled] = [0, 0, 0, 0];
    this.since = performance.now();
    this.load = load;
    return sample;
  }
}
