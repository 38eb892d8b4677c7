import type { Spread } from './types.ts';

/** Each step is 1 % wider than the one before. */
const WIDTH = Math.log(1.01);

/** A spread of any number of values in little memory: exact at both ends, to 1 % between them. */
export class SpreadMeter {
  readonly #steps = new Map<number, number>();
  #count = 0;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;

  add(value: number): void {
    const step = Math.sign(value) * Math.ceil(Math.log1p(Math.abs(value)) / WIDTH);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
    this.#count += 1;
    this.#min = Math.min(this.#min, value);
    this.#max = Math.max(this.#max, value);
  }

  /** Null where nothing was measured. */
  spread(): Spread | null {
    if (this.#count === 0) return null;
    const steps = [...this.#steps].sort(([a], [b]) => a - b);
    const at = (share: number) => this.#quantile(steps, share);
    const [p50, p90, p95, p99] = [at(0.5), at(0.9), at(0.95), at(0.99)];
    return { count: this.#count, min: this.#min, p50, p90, p95, p99, max: this.#max };
  }

  #quantile(steps: readonly [number, number][], share: number): number {
    let left = Math.ceil(this.#count * share);
    for (const [step, count] of steps) {
      left -= count;
      if (left <= 0) return this.#within(Math.sign(step) * Math.expm1(Math.abs(step) * WIDTH));
    }
    return this.#max;
  }

  #within(value: number): number {
    return Math.round(Math.min(this.#max, Math.max(this.#min, value)));
  }
}
