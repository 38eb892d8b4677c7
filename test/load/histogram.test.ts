import fc from 'fast-check';
import { decodeFromCompressedBase64 } from 'hdr-histogram-js';
import { describe, expect, test } from 'vitest';
import { Histogram } from '../../src/load/histogram.ts';
import { PERCENTILES } from '../../src/load/result.ts';

/** From a µs to an hour, small ones as often as large ones. */
const times = fc.array(
  fc
    .double({ min: 0, max: Math.log(3_600_000_000), noNaN: true })
    .map((exponent) => Math.exp(exponent) / 1000),
  { minLength: 1, maxLength: 400 },
);

function exact(values: readonly number[], percentile: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil((percentile / 100) * sorted.length) - 1)]!;
}

/** Three significant digits, and the nearest µs. */
function near(actual: number, expected: number): boolean {
  return Math.abs(actual - expected) <= expected * 0.001 + 0.001;
}

function filled(values: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of values) histogram.record(value);
  return histogram;
}

describe('latencies', () => {
  test('percentiles, mean and maximum are those of exact sorting, to three digits', () => {
    fc.assert(
      fc.property(times, (values) => {
        const latency = filled(values).latency()!;
        for (const [name, percentile] of Object.entries(PERCENTILES))
          expect(near(latency[name as 'p50'], exact(values, percentile))).toBe(true);
        expect(near(latency.max, exact(values, 100))).toBe(true);
        expect(near(latency.min, exact(values, 0))).toBe(true);
        expect(near(latency.mean, values.reduce((sum, value) => sum + value, 0) / values.length)).toBe(true);
        expect(latency.count).toBe(values.length);
      }),
    );
  });

  test('what is kept in a file is the same again, and what is added up is the whole', () => {
    fc.assert(
      fc.property(times, times, (some, others) => {
        const sum = filled(some);
        sum.add(filled(others));
        const whole = filled([...some, ...others]).latency()!;
        expect(sum.latency()).toEqual(whole);
        const decoded = decodeFromCompressedBase64(whole.histogram);
        expect(decoded.totalCount).toBe(whole.count);
        expect(near(decoded.getValueAtPercentile(99) / 1000, whole.p99)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test('nothing is null, not 0; what is before its time is 0; what is longer than an hour is an hour', () => {
    const histogram = new Histogram();
    expect(histogram.latency()).toBeNull();
    histogram.record(-5);
    expect(histogram.latency()).toMatchObject({ max: 0, count: 1 });
    histogram.record(1e9);
    expect(near(histogram.latency()!.max, 3_600_000)).toBe(true);
  });
});
