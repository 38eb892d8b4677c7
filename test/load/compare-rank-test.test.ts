import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { leastP, rankTest } from '../../src/load/compare/rank-test.ts';
import { seededRandom } from '../support/random.ts';

/** Every way to choose so many of the indexes. */
function* chosen(from: number, of: number, size: number): Generator<number[]> {
  if (size === 0) yield [];
  else
    for (let first = from; first <= of - size; first += 1)
      for (const rest of chosen(first + 1, of, size - 1)) yield [first, ...rest];
}

/** U by its definition: pairs won, ties by half. */
function u(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, x) => sum + b.filter((y) => x > y).length + b.filter((y) => x === y).length / 2, 0);
}

function enumeratedP(a: readonly number[], b: readonly number[]): number {
  const all = [...a, ...b];
  const distance = (some: readonly number[], rest: readonly number[]) =>
    Math.abs(u(some, rest) - (a.length * b.length) / 2);
  const own = distance(a, b);
  const outcomes = [...chosen(0, all.length, a.length)].map((indexes) =>
    distance(
      indexes.map((at) => all[at]!),
      all.filter((_, at) => !indexes.includes(at)),
    ),
  );
  return outcomes.filter((one) => one >= own).length / outcomes.length;
}

const few = fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 });
const floats = fc.array(fc.double({ noNaN: true, min: -1e6, max: 1e6 }), { minLength: 1, maxLength: 40 });

describe('the rank test', () => {
  test('is what counting every way to deal the values out gives, ties included', () => {
    fc.assert(
      fc.property(few, few, (a, b) => {
        expect(rankTest(a, b)).toBeCloseTo(enumeratedP(a, b), 12);
      }),
      { numRuns: 200 },
    );
  });

  test('gives the values of the published tables', () => {
    // Five against five, two-sided: U = 2 is the last one below 5 %.
    expect(rankTest([1, 2, 3, 4, 5], [6, 7, 8, 9, 10])).toBeCloseTo(2 / 252, 12);
    expect(rankTest([1, 2, 3, 4, 7], [5, 6, 8, 9, 10])).toBeCloseTo(8 / 252, 12);
    expect(rankTest([1, 2, 3, 4, 8], [5, 6, 7, 9, 10])).toBeCloseTo(14 / 252, 12);
    expect(leastP(4, 4)).toBeCloseTo(2 / 70, 12);
    expect(leastP(3, 3)).toBeCloseTo(0.1, 12);
  });

  test('does not mind which side is which, nor in what unit the values are', () => {
    fc.assert(
      fc.property(floats, floats, (a, b) => {
        const p = rankTest(a, b)!;
        expect(p).toBeGreaterThanOrEqual(0);
        expect(p).toBeLessThanOrEqual(1);
        expect(rankTest(b, a)).toBeCloseTo(p, 9);
        expect(
          rankTest(
            a.map((one) => one * 8),
            b.map((one) => one * 8),
          ),
        ).toBeCloseTo(p, 9);
      }),
      { numRuns: 200 },
    );
  });

  test('of many values is near to the exact one, ties included', () => {
    const random = seededRandom(7);
    for (let trial = 0; trial < 20; trial += 1) {
      const tied = trial % 2 === 0;
      const values = (by: number) =>
        Array.from({ length: 20 }, () => (tied ? Math.floor(random() * 8) + by * 4 : random() + by));
      const [a, b] = [values(0), values(trial / 30)];
      expect(Math.abs(rankTest(a, b)! - rankTest(a, b, 0)!)).toBeLessThan(0.005);
    }
  });

  test('says certain where all is the same, and nothing where a side is empty', () => {
    expect(rankTest([5, 5, 5, 5], [5, 5, 5, 5])).toBe(1);
    expect(rankTest(new Array(60).fill(3), new Array(60).fill(3))).toBe(1);
    expect(rankTest([], [1])).toBeNull();
  });

  test('finds a side that is shifted as a whole, and takes equals for different in no more than alpha of all cases', () => {
    const random = seededRandom(11);
    const side = (size: number, factor: number) =>
      Array.from({ length: size }, () => (10 + random() + random()) * factor);
    for (const size of [5, 40]) {
      const trials = Array.from({ length: 400 }, () => rankTest(side(size, 1), side(size, 1))!);
      expect(trials.filter((p) => p < 0.05).length).toBeLessThanOrEqual(400 * 0.05 + 13);
      expect(rankTest(side(size, 1), side(size, 1.5))).toBeLessThan(0.01);
    }
  });
});
