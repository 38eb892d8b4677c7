import { describe, expect, test } from 'vitest';
import { curvePercentiles, decodeHistogram } from '../../src/load/index.ts';
import { seededRandom } from '../support/random.ts';
import { latencyOf } from './sample-result.ts';

describe('the histogram of a result', () => {
  test('gives the percentiles that sorting gives, to three digits', async () => {
    const random = seededRandom(7);
    const values = Array.from({ length: 20_000 }, () => 0.2 + 30 * random() ** 6);
    const histogram = await decodeHistogram(latencyOf(values)!.histogram);
    const sorted = values.toSorted((a, b) => a - b);
    expect(histogram.count).toBe(20_000);
    for (const percentile of [50, 90, 99, 99.9, 99.99, 100]) {
      const exact = sorted[Math.ceil((percentile / 100) * sorted.length) - 1]!;
      expect(Math.abs(histogram.valueAt(percentile) / exact - 1)).toBeLessThan(0.002);
    }
  });

  test('that is damaged is refused', async () => {
    const { histogram } = latencyOf([1, 2, 3])!;
    for (const damaged of ['', 'no base64!', histogram.slice(0, 24), Buffer.from('abc').toString('base64')])
      await expect(decodeHistogram(damaged)).rejects.toMatchObject({
        kind: 'config',
        code: 'LOAD_RESULTS_INVALID',
      });
  });
});

describe('the percentiles of a curve', () => {
  test('go from 0 to the last nine that has a value beyond it, each nine in as many steps', () => {
    const percentiles = curvePercentiles(10_000, 10).map((percentile) => Number(percentile.toFixed(6)));
    expect(percentiles).toHaveLength(41);
    expect([0, 10, 20, 30, 40].map((at) => percentiles[at])).toEqual([0, 90, 99, 99.9, 99.99]);
  });

  test('of one value is 0, of none is none', () => {
    expect(curvePercentiles(1)).toEqual([0]);
    expect(curvePercentiles(0)).toEqual([]);
  });
});
