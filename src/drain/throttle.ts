import { pause } from '../model/patience.ts';

/** Shares `--limit` and `--rate` among the workers of a process. */
export class Throttle {
  private left: number;
  /** Reserved by workers that do not know yet how much of it they will use. */
  private reserved = 0;
  private readonly rate: number | undefined;
  /** Time at which the next message may go, in ms of the monotonic clock. */
  private nextAt = 0;

  constructor(limit: number | undefined, ratePerSecond: number | undefined) {
    this.left = limit ?? Number.POSITIVE_INFINITY;
    this.rate = ratePerSecond;
  }

  /** Whether the limit is used up; what is only reserved may yet be given back. */
  get exhausted(): boolean {
    return this.left <= 0 && this.reserved === 0;
  }

  /**
   * Reserves up to `wanted` messages, to be ended by {@link use}; 0 where nothing is left at the
   * moment. A rate makes the share small enough to be smooth.
   */
  reserve(wanted: number): number {
    const share = this.rate === undefined ? wanted : Math.min(wanted, Math.max(1, Math.ceil(this.rate / 10)));
    const granted = Math.min(share, this.left);
    this.left -= granted;
    this.reserved += granted;
    return granted;
  }

  /** Ends a reservation: `used` of it count, the rest is given back. */
  use(granted: number, used: number): void {
    this.reserved -= granted;
    this.left += Math.max(0, granted - used);
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
