import type { Series } from './overview.ts';

/** Numbers of one thing, by the place in the ring; NaN: not known. */
interface Slot {
  values: Float32Array[];
  /** How many points there were before its first. */
  from: number;
}

/**
 * The last numbers of many things that are all looked at together. What a thing takes is allocated when it is first
 * seen, and given to another one when it is gone: the memory does not grow with time.
 */
export class History {
  readonly #names: readonly string[];
  readonly #points: number;
  readonly #at: Float64Array;
  readonly #slots = new Map<string, Slot>();
  readonly #free: Slot[] = [];
  #count = 0;

  constructor(names: readonly string[], points: number) {
    this.#names = names;
    this.#points = points;
    this.#at = new Float64Array(points);
  }

  /**
   * Adds a point to each thing; those that are not named are forgotten.
   *
   * @param rows by thing its numbers, in the order of the names
   */
  push(atMs: number, rows: Iterable<readonly [thing: string, numbers: readonly (number | null)[]]>): void {
    const place = this.#count % this.#points;
    this.#at[place] = atMs;
    const seen = new Set<string>();
    for (const [thing, numbers] of rows) {
      seen.add(thing);
      const { values } = this.#slots.get(thing) ?? this.#open(thing);
      for (const [nth, ring] of values.entries()) ring[place] = numbers[nth] ?? Number.NaN;
    }
    this.#count += 1;
    for (const [thing, slot] of this.#slots) if (!seen.has(thing)) this.#close(thing, slot);
  }

  /** A point at which nothing was known: lines end there. */
  pushGap(atMs: number): void {
    this.push(
      atMs,
      [...this.#slots.keys()].map((thing) => [thing, []] as const),
    );
  }

  /** Undefined where nothing is remembered of it. */
  of(thing: string): Series | undefined {
    const slot = this.#slots.get(thing);
    if (!slot) return undefined;
    const first = Math.max(slot.from, this.#count - this.#points);
    const places = Array.from({ length: this.#count - first }, (_, nth) => (first + nth) % this.#points);
    const valuesOf = (ring: Float32Array) =>
      places.map((place) => (Number.isNaN(ring[place]!) ? null : ring[place]!));
    return {
      at: places.map((place) => this.#at[place]!),
      values: Object.fromEntries(this.#names.map((name, nth) => [name, valuesOf(slot.values[nth]!)])),
    };
  }

  #open(thing: string): Slot {
    const slot = this.#free.pop() ?? {
      values: this.#names.map(() => new Float32Array(this.#points)),
      from: 0,
    };
    slot.from = this.#count;
    this.#slots.set(thing, slot);
    return slot;
  }

  #close(thing: string, slot: Slot): void {
    this.#slots.delete(thing);
    this.#free.push(slot);
  }
}
