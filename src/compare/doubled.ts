import type { DoubledKey } from './types.ts';

/** The keys with the most records, a few of any number. */
export class DoubledKeys {
  readonly #most: number;
  #keys: DoubledKey[] = [];

  constructor(most: number) {
    this.#most = most;
  }

  add(one: DoubledKey): void {
    this.#keys.push(one);
    if (this.#keys.length > 2 * this.#most + 100) this.#keys = this.all();
  }

  /** Most often doubled first. */
  all(): DoubledKey[] {
    const weight = ({ old, new: fresh }: DoubledKey) => old + fresh;
    const sorted = this.#keys.toSorted((a, b) => weight(b) - weight(a) || (a.key < b.key ? -1 : 1));
    return sorted.slice(0, this.#most);
  }
}
