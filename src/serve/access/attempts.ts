const MOST_FAILURES = 10;
const PAUSE_MS = 60_000;
const MOST_ADDRESSES = 10_000;

/**
 * Holds back an address that has failed to log in ten times, for a minute from its last failure, whatever it gives
 * then. Whoever holds a session is not concerned.
 */
export class Attempts {
  readonly #failures = new Map<string, { count: number; lastMs: number }>();
  readonly #now: () => number;

  constructor(now: () => number = Date.now) {
    this.#now = now;
  }

  /** How long the address has to wait, in ms; 0: it may try. */
  waitMs(address: string): number {
    const failed = this.#failures.get(address);
    if (!failed) return 0;
    const left = failed.lastMs + PAUSE_MS - this.#now();
    if (left <= 0) this.#failures.delete(address);
    return failed.count >= MOST_FAILURES ? Math.max(0, left) : 0;
  }

  failed(address: string): void {
    const count = (this.#failures.get(address)?.count ?? 0) + 1;
    // Anew, so that the oldest stands first.
    this.#failures.delete(address);
    this.#failures.set(address, { count, lastMs: this.#now() });
    if (this.#failures.size <= MOST_ADDRESSES) return;
    for (const oldest of this.#failures.keys()) {
      this.#failures.delete(oldest);
      return;
    }
  }

  succeeded(address: string): void {
    this.#failures.delete(address);
  }
}
