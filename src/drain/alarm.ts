import { pause } from '../model/patience.ts';

/** Rings that come faster than this are answered together. */
const SOONEST_MS = 20;

/** Wakes workers that rest because nothing is left to do. */
export class Alarm {
  /** How often it has rung; whoever remembers this before a look misses no ring during it. */
  rings = 0;
  private readonly restMs: () => number;
  private readonly sleepers = new Set<() => void>();

  /** @param restMs how long a rest lasts where it does not ring */
  constructor(restMs: () => number) {
    this.restMs = restMs;
  }

  /** Wakes everybody at once. */
  ring(): void {
    this.rings += 1;
    for (const wake of this.sleepers) wake();
  }

  /** Rests until it rings, or the time is over; hardly at all where it has rung since `heard`. */
  async rest(heard: number, signal: AbortSignal): Promise<void> {
    const wholeMs = this.restMs();
    await pause(Math.min(SOONEST_MS, wholeMs), signal);
    if (!signal.aborted && this.rings === heard && wholeMs > SOONEST_MS)
      await this.sleep(wholeMs - SOONEST_MS, signal);
  }

  private sleep(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', done);
        this.sleepers.delete(done);
        resolve();
      };
      const timer = setTimeout(done, ms);
      signal.addEventListener('abort', done);
      this.sleepers.add(done);
    });
  }
}
