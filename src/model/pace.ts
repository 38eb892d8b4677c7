import { pause } from './patience.ts';

/** Keeps a rate over the life of one run, smoothly: shares of a tenth of a second. */
export class Pace {
  private readonly perSecond: number | undefined;
  /** Time at which the next one may go, in ms of the monotonic clock. */
  private nextAt = 0;

  /** Undefined is no limit. */
  constructor(perSecond: number | undefined) {
    this.perSecond = perSecond;
  }

  /** How many of `wanted` go at once. */
  share(wanted: number): number {
    if (this.perSecond === undefined) return wanted;
    return Math.min(wanted, Math.max(1, Math.ceil(this.perSecond / 10)));
  }

  /** Waits until `count` more fit the rate. */
  async pace(count: number, signal: AbortSignal): Promise<void> {
    if (this.perSecond === undefined || count === 0) return;
    const now = performance.now();
    const at = Math.max(now, this.nextAt);
    this.nextAt = at + (count / this.perSecond) * 1000;
    if (at > now) await pause(at - now, signal);
  }
}
