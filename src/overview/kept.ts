/** An answer that costs more than the streams is asked for so seldom that it takes no more than this part of the time. */
const SHARE = 0.02;
/** But not more seldom than each so many intervals: a change is seen within them. */
const MOST_INTERVALS = 2;

/** The newest answer of a part of a look, kept in between. */
export class Kept<T> {
  #value: T | undefined;
  #askedAt = Number.NEGATIVE_INFINITY;
  #tookMs = 0;

  /** Asks where it is time to, else gives what was answered last. What fails is asked again at the next look. */
  async get(intervalMs: number, ask: () => Promise<T>): Promise<T> {
    const now = performance.now();
    const pauseMs = Math.min(this.#tookMs / SHARE, (MOST_INTERVALS - 0.5) * intervalMs);
    if (this.#value !== undefined && now - this.#askedAt < pauseMs) return this.#value;
    this.#value = undefined;
    this.#value = await ask();
    this.#askedAt = now;
    this.#tookMs = performance.now() - now;
    return this.#value;
  }

  /** What was answered says nothing any more. */
  forget(): void {
    this.#value = undefined;
  }
}
