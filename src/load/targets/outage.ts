const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
/** So many tries what waits is kept for: about a second. */
const MOST_TRIES = 5;

/** How long to rest after each of several failures in a row: not at all after the first. */
export class Backoff {
  #failures = 0;

  get failures(): number {
    return this.#failures;
  }

  /** One more has failed; gives the ms to rest. */
  next(): number {
    this.#failures += 1;
    const rests = this.#failures - 1;
    return rests === 0 ? 0 : Math.min(FIRST_PAUSE_MS * 2 ** Math.min(rests - 1, 10), LONGEST_PAUSE_MS);
  }

  reset(): void {
    this.#failures = 0;
  }
}

/** What an {@link Outage} tells its producer. */
export interface OutageEvents {
  /** The server may be tried again. */
  again(): void;
  /** It was tried too often: what waits fails. */
  giveUp(why: Error): void;
}

/** A server that a producer does not reach: holds it back between tries. */
export class Outage {
  readonly #events: OutageEvents;
  readonly #backoff = new Backoff();
  #timer: NodeJS.Timeout | undefined;

  constructor(events: OutageEvents) {
    this.#events = events;
  }

  /** True between two tries. */
  get holding(): boolean {
    return this.#timer !== undefined;
  }

  /** A try has failed. Those that began beside it and fail later are the same one. */
  failed(why: Error): void {
    if (this.#timer) return;
    const restMs = this.#backoff.next();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#events.again();
    }, restMs);
    if (this.#backoff.failures >= MOST_TRIES) this.#events.giveUp(why);
  }

  /** The server has answered. */
  over(): void {
    if (this.#timer === undefined) this.#backoff.reset();
  }

  end(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }
}
