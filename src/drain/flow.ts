import type { Rate } from '../model/limits.ts';
import { pause } from '../model/patience.ts';

/** A new rate is noticed within this. */
const SLICE_MS = 100;
/** A share is what goes in this part of a second, so that the flow is smooth. */
const PART = 10;

/** Keeps a rate in messages or bytes that may change at any time. */
export class Flow {
  private rate: Rate = {};
  /** Time at which the next one may go, in ms of the monotonic clock. */
  private nextAt = 0;
  private changes = 0;

  /** Whoever waits for the old rate goes by the new one at once. */
  set(rate: Rate): void {
    if (rate.messages === this.rate.messages && rate.bytes === this.rate.bytes) return;
    this.rate = rate;
    this.nextAt = 0;
    this.changes += 1;
  }

  /** How many of `wanted` go at once; at least one. */
  share(wanted: number, averageBytes: number): number {
    const perSecond = Math.min(
      this.rate.messages ?? Number.POSITIVE_INFINITY,
      (this.rate.bytes ?? Number.POSITIVE_INFINITY) / averageBytes,
    );
    return Math.min(wanted, Math.max(1, Math.ceil(perSecond / PART)));
  }

  /** Waits until so many more fit the rate. */
  async pace(count: number, bytes: number, signal: AbortSignal): Promise<void> {
    const seconds = Math.max(
      this.rate.messages === undefined ? 0 : count / this.rate.messages,
      this.rate.bytes === undefined ? 0 : bytes / this.rate.bytes,
    );
    if (seconds === 0) return;
    const { changes } = this;
    const at = Math.max(performance.now(), this.nextAt);
    this.nextAt = at + seconds * 1000;
    for (let left = at - performance.now(); left > 0; left = at - performance.now()) {
      await pause(Math.min(left, SLICE_MS), signal);
      if (signal.aborted || changes !== this.changes) return;
    }
  }
}
