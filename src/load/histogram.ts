import { build, encodeIntoCompressedBase64, type Histogram as Hdr } from 'hdr-histogram-js';
import { type Latency, PERCENTILES, type Percentile } from './result.ts';

/** An hour, in µs: what is longer counts as that. */
const HIGHEST_US = 3_600_000_000;

/** Times with three significant digits from 1 µs to an hour, in bounded memory. */
export class Histogram {
  readonly #hdr: Hdr = build({
    bitBucketSize: 32,
    lowestDiscernibleValue: 1,
    highestTrackableValue: HIGHEST_US,
    numberOfSignificantValueDigits: 3,
    autoResize: false,
    useWebAssembly: false,
  });

  /** @param ms below 0 counts as 0 */
  record(ms: number): void {
    this.#hdr.recordValue(ms <= 0 ? 0 : Math.min(HIGHEST_US, Math.round(ms * 1000)));
  }

  add(other: Histogram): void {
    this.#hdr.add(other.#hdr);
  }

  reset(): void {
    this.#hdr.reset();
  }

  get count(): number {
    return this.#hdr.totalCount;
  }

  /** In ms; null of nothing. */
  at(percentile: number): number | null {
    return this.count === 0 ? null : this.#hdr.getValueAtPercentile(percentile) / 1000;
  }

  /** Null of nothing. */
  latency(): Latency | null {
    const hdr = this.#hdr;
    if (hdr.totalCount === 0) return null;
    const entries = Object.entries(PERCENTILES).map(([name, part]) => [
      name,
      // A value stands for all that are equal to three digits, up to the largest of them.
      Math.min(hdr.getValueAtPercentile(part), hdr.maxValue) / 1000,
    ]);
    return {
      ...(Object.fromEntries(entries) as Record<Percentile, number>),
      count: hdr.totalCount,
      // Its own minimum leaves out 0.
      min: hdr.getValueAtPercentile(0) / 1000,
      mean: hdr.mean / 1000,
      max: hdr.maxValue / 1000,
      histogram: encodeIntoCompressedBase64(hdr),
    };
  }
}
