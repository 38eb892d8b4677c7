import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type ReceiverSample, ReceiverTuner } from '../../src/drain/receiver-tuner.ts';

/** A busy second with nothing special about it. */
const second = (settled: number, more: Partial<ReceiverSample> = {}): ReceiverSample => ({
  ms: 1000,
  settled,
  polls: Math.max(1, Math.ceil(settled / 10)),
  emptyPolls: 0,
  waiting: 0,
  throttled: 0,
  held: 0,
  busy: 0.2,
  blocked: false,
  ...more,
});

const EMPTY = second(0, { polls: 4, emptyPolls: 4 });

/** Lets the tuner work against a source whose rate depends on the receivers. */
function run(tuner: ReceiverTuner, seconds: number, rateOf: (receivers: number) => number): number[] {
  return Array.from({ length: seconds }, () => tuner.next(second(rateOf(tuner.now.wanted))).wanted);
}

const bounds = fc
  .tuple(fc.integer({ min: 1, max: 200 }), fc.integer({ min: 0, max: 400 }))
  .map(([min, more]) => ({ min, max: min + more }));

const anySample: fc.Arbitrary<ReceiverSample> = fc.record({
  ms: fc.integer({ min: 1, max: 5000 }),
  settled: fc.nat(100_000),
  polls: fc.nat(1000),
  emptyPolls: fc.nat(1000),
  waiting: fc.nat(400),
  throttled: fc.oneof(fc.constant(0), fc.nat(50)),
  held: fc.double({ min: 0, max: 2, noNaN: true }),
  busy: fc.double({ min: 0, max: 1, noNaN: true }),
  blocked: fc.boolean(),
});

describe('receivers', () => {
  test('stay within their bounds, whatever is measured', () => {
    fc.assert(
      fc.property(bounds, fc.array(anySample, { maxLength: 60 }), (within, samples) => {
        const tuner = new ReceiverTuner(within);
        for (const sample of samples) {
          const { wanted, why } = tuner.next(sample);
          expect(wanted).toBeGreaterThanOrEqual(within.min);
          expect(wanted).toBeLessThanOrEqual(within.max);
          expect(Number.isInteger(wanted)).toBe(true);
          expect(why).not.toBe('');
        }
      }),
    );
  });

  test('are halved by a throttle, and never fewer than the least', () => {
    fc.assert(
      fc.property(bounds, fc.array(anySample, { maxLength: 20 }), anySample, (within, samples, sample) => {
        fc.pre(within.min < within.max);
        const tuner = new ReceiverTuner(within);
        for (const one of samples) tuner.next(one);
        const before = tuner.now.wanted;
        const { wanted } = tuner.next({ ...sample, throttled: 1 });
        expect(wanted).toBe(Math.max(within.min, Math.floor(before / 2)));
      }),
    );
  });

  test('are as few as may be once every receive comes back empty', () => {
    fc.assert(
      fc.property(bounds, fc.array(anySample, { maxLength: 20 }), (within, samples) => {
        const tuner = new ReceiverTuner(within);
        for (const one of samples) tuner.next(one);
        expect(tuner.next(EMPTY).wanted).toBe(within.min);
        expect(tuner.next(second(0, { polls: 0, waiting: 3 })).wanted).toBe(within.min);
      }),
    );
  });

  test('of a fixed number never change', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 99 }), fc.array(anySample), (n, samples) => {
        const tuner = new ReceiverTuner({ min: n, max: n });
        for (const one of samples) expect(tuner.next(one).wanted).toBe(n);
      }),
    );
  });

  test('grow to where the rate ends to rise, and stay about there', () => {
    fc.assert(
      fc.property(fc.integer({ min: 8, max: 120 }), (knee) => {
        const tuner = new ReceiverTuner({ min: 4, max: 128 });
        const rateOf = (receivers: number): number => 100 * Math.min(receivers, knee);
        const late = run(tuner, 300, rateOf).slice(100);
        // Good enough in nearly every second, and not far beyond what helps.
        const good = late.filter((receivers) => rateOf(receivers) >= 0.7 * rateOf(knee));
        expect(good.length).toBeGreaterThan(0.9 * late.length);
        expect(Math.max(...late)).toBeLessThanOrEqual(Math.min(128, 2.6 * knee));
      }),
    );
  });

  test('go back where more of them are slower', () => {
    const tuner = new ReceiverTuner({ min: 1, max: 64 });
    // The best are 16; each one more costs.
    const counts = run(tuner, 200, (n) => 100 * Math.min(n, 16) - 40 * Math.max(0, n - 16));
    expect(counts.slice(50).every((n) => n >= 10 && n <= 26)).toBe(true);
  });

  test('are the most where each one helps', () => {
    const tuner = new ReceiverTuner({ min: 4, max: 64 });
    expect(run(tuner, 20, (n) => 100 * n)).toContain(64);
    expect(run(tuner, 1, (n) => 100 * n)[0]).toBe(64);
  });

  test('are not added while this process is at its limit, by time or by memory', () => {
    for (const limit of [{ busy: 0.97 }, { held: 0.95 }]) {
      const tuner = new ReceiverTuner({ min: 4, max: 64 });
      for (let i = 0; i < 30; i += 1) tuner.next(second(100 * tuner.now.wanted, limit));
      expect(tuner.now.wanted).toBe(4);
    }
  });

  test('grow again after a throttle is over, and after the queue has filled again', () => {
    const tuner = new ReceiverTuner({ min: 2, max: 32 });
    run(tuner, 20, (n) => 100 * n);
    for (let i = 0; i < 6; i += 1) tuner.next(second(10, { throttled: 3 }));
    expect(tuner.now.wanted).toBe(2);
    run(tuner, 60, (n) => 100 * n);
    expect(tuner.now.wanted).toBeGreaterThan(16);
    tuner.next(EMPTY);
    expect(tuner.now.wanted).toBe(2);
    run(tuner, 20, (n) => 100 * n);
    expect(tuner.now.wanted).toBe(32);
  });

  test('are not judged by a stretch in which a server was away', () => {
    const tuner = new ReceiverTuner({ min: 4, max: 64 });
    tuner.next(second(400));
    const before = tuner.now.wanted;
    for (let i = 0; i < 10; i += 1) tuner.next(second(0, { polls: 3, blocked: true }));
    expect(tuner.now.wanted).toBeLessThanOrEqual(before);
    run(tuner, 12, (n) => 100 * n);
    expect(tuner.now.wanted).toBe(64);
  });

  test('take other bounds at once, and say so', () => {
    const tuner = new ReceiverTuner({ min: 4, max: 64 });
    run(tuner, 20, (n) => 100 * n);
    expect(tuner.rebound({ min: 1, max: 8 })).toEqual({ wanted: 8, why: 'other bounds' });
    expect(tuner.rebound({ min: 12, max: 12 })).toEqual({ wanted: 12, why: 'a fixed number' });
    expect(tuner.next(second(0, { throttled: 9 })).wanted).toBe(12);
  });
});
