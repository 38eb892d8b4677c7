import { pause } from '../model/patience.ts';

/** Shares `--limit` and `--rate` among the workers of a process. */
export class Throttle {
  private left: number;
  private readonly rate: number | undefined;
  /** Time at which the next message may go, in ms of the monotonic clock. */
  private nextAt = 0;

  constructor(limit: number | undefined, ratePerSecond: number | undefined) {
    this.left = limit ?? Number.POSITIVE_INFINITY;
    this.rate = ratePerSecond;
  }

  /** Whether the limit is used up. */
  get exhausted(): boolean {
    return this.left <= 0;
  }

  /** Reserves up to `wanted` messages; 0 where the limit is used up. A rate makes the share small enough to be smooth. */
  reserve(wanted: number): number {
    const share = this.rate === undefined ? wanted : Math.min(wanted, Math.max(1, Math.ceil(this.rate / 10)));
    const granted = Math.min(share, this.left);
    this.left -= granted;
    return granted;
  }

  /** Gives back what was reserved and not used. */
  giveBack(unused: number): void {
    this.left += unused;
  }

  /** Waits until `count` more messages fit the rate. */
  async pace(count: number, signal: AbortSignal): Promise<void> {
    if (this.rate === undefined || count === 0) return;
    const now = performance.now();
    const at = Math.max(now, this.nextAt);
    this.nextAt = at + (count / this.rate) * 1000;
    if (at > now) await pause(at - now, signal);
  }
}
