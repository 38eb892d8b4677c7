import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { type QueueSample, QueueSamples } from '../../src/drain/queue-samples.ts';

const sample = (held: number, settled: number, more: Partial<QueueSample> = {}): QueueSample => ({
  atMs: 0,
  visible: held,
  inFlight: 0,
  delayed: 0,
  holding: 0,
  settledBefore: settled,
  carriedAfter: settled,
  ...more,
});

function verdictOf(samples: QueueSample[]) {
  const all = new QueueSamples();
  for (const [i, one] of samples.entries()) all.add(one, i === samples.length - 1);
  return all.verdict;
}

describe('the counts of a queue', () => {
  test('never show more messages gone than others have taken, whatever happens in between', () => {
    const step = fc.record({
      ours: fc.nat(200),
      theirs: fc.oneof(fc.constant(0), fc.nat(50)),
      arrivals: fc.nat(100),
      /** Appended and not yet deleted when the queue was looked at. */
      underWay: fc.nat(20),
    });
    fc.assert(
      fc.property(fc.nat(2000), fc.array(step, { maxLength: 40 }), (start, steps) => {
        let [held, settled, taken] = [start, 0, 0];
        const samples = [sample(held, 0)];
        for (const { ours, theirs, arrivals, underWay } of steps) {
          held += arrivals;
          const mine = Math.min(held, ours);
          const others = Math.min(held - mine, theirs);
          [held, settled, taken] = [held - mine - others, settled + mine, taken + others];
          samples.push(sample(held, settled, { carriedAfter: settled + underWay }));
        }
        expect(verdictOf(samples).left).toBeLessThanOrEqual(taken);
      }),
    );
  });

  test('show what others have taken, and that it was not at once', () => {
    const samples = [1000, 780, 560, 340, 120, 0].map((held, i) => sample(held, i === 5 ? 900 : i * 200));
    expect(verdictOf(samples)).toMatchObject({ left: 100, atOnce: false });
  });

  test('show a purge as one', () => {
    const samples = [sample(1000, 0), sample(900, 100), sample(800, 200), sample(0, 210), sample(0, 210)];
    expect(verdictOf(samples)).toMatchObject({ left: 790, atOnce: true });
  });

  test('that lag behind are not taken for a purge', () => {
    // SQS says 1,000 for a while, although the drain has long deleted most of them.
    const samples = [0, 300, 600, 900].map((settled) => sample(1000, settled));
    expect(verdictOf([...samples, sample(0, 1000), sample(0, 1000)])).toMatchObject({ left: 0 });
  });

  test('show what others hold, once it has lasted', () => {
    const held = sample(500, 0, { inFlight: 200, holding: 40 });
    expect(verdictOf([held, held, held]).heldByOthers).toBe(160);
    expect(verdictOf([held, sample(500, 0), held, sample(500, 0)]).heldByOthers).toBe(0);
    const ours = sample(500, 0, { inFlight: 45, holding: 40 });
    expect(verdictOf([ours, ours, ours]).heldByOthers).toBe(0);
  });

  test('of another queue begin anew', () => {
    const samples = new QueueSamples();
    samples.add(sample(1000, 0));
    samples.restart();
    samples.add(sample(0, 0), true);
    expect(samples.verdict.left).toBe(0);
  });
});
