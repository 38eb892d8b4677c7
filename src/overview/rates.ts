/** A number that only grows while nothing odd happens, at an instant by the clock of Redis. */
export interface Counter {
  timeMs: number;
  /** Null: not known. */
  value: number | null;
  /** More than this it cannot have grown by until the next look; null: no bound is known. */
  mostGrowth?: number | null;
}

/**
 * Differences between looks, by the second. Null where there is no look before, where one of the two numbers is not
 * known, and where what happened was no work: a number that fell, or that rose by more than there was to do.
 */
export class Rates {
  #before = new Map<string, Counter>();
  #now = new Map<string, Counter>();

  /** To be asked once a look for each key. */
  perSecond(key: string, counter: Counter, mostSince = Number.POSITIVE_INFINITY): number | null {
    const before = this.#before.get(key);
    this.#now.set(key, counter);
    if (!before || before.value === null || counter.value === null) return null;
    const ms = counter.timeMs - before.timeMs;
    const grown = counter.value - before.value;
    if (ms <= 0 || grown < 0 || grown > (before.mostGrowth ?? Number.POSITIVE_INFINITY) + mostSince)
      return null;
    return (grown * 1000) / ms;
  }

  /** How much it has grown since the look before; null where that is not known. To be asked before `perSecond`. */
  growth(key: string, value: number | null): number | null {
    const before = this.#before.get(key)?.value ?? null;
    return before === null || value === null || value < before ? null : value - before;
  }

  /** Ends a look: keys that were not asked for in it are forgotten. */
  turn(): void {
    this.#before = this.#now;
    this.#now = new Map();
  }

  /** After a restart of the server numbers of before say nothing. */
  forget(): void {
    this.#before.clear();
    this.#now.clear();
  }
}
