import { Pace } from '../model/pace.ts';

/** Shares `--limit` and `--rate` among the workers of a process. */
export class Throttle {
  private left: number;
  /** Reserved by workers that do not know yet how much of it they will use. */
  private reserved = 0;
  private readonly rate: Pace;

  constructor(limit: number | undefined, ratePerSecond: number | undefined) {
    this.left = limit ?? Number.POSITIVE_INFINITY;
    this.rate = new Pace(ratePerSecond);
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
    const granted = Math.min(this.rate.share(wanted), this.left);
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
  pace(count: number, signal: AbortSignal): Promise<void> {
    return this.rate.pace(count, signal);
  }
}
