import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { isQctlError } from '../../src/errors.ts';
import { type CompareOptions, compareLoads } from '../../src/load/compare/compare-loads.ts';
import { parseCondition } from '../../src/load/compare/condition.ts';
import { compareError } from '../../src/load/compare/failure.ts';
import type { LoadComparison } from '../../src/load/compare/types.ts';
import { MEASURES } from '../../src/load/measures.ts';
import type { LoadResult } from '../../src/load/result.ts';
import { seededRandom } from '../support/random.ts';
import { histogramOf, madeRun, madeSeconds } from './results.ts';

/** So many runs of about that latency, a few per cent to and fro. */
function repeats(count: number, latencyMs: number, random: () => number): LoadResult[] {
  return Array.from({ length: count }, (_, at) =>
    madeRun({ run: `r${at}`, latencyMs: latencyMs * (0.96 + 0.08 * random()) }),
  );
}

function judged(base: LoadResult[], candidate: LoadResult[], failOn: string[], more: CompareOptions = {}) {
  return compareLoads(base, candidate, { conditions: failOn.map(parseCondition), draws: 0, ...more });
}

/** What becomes of so many of them, one after the other. */
async function trials(
  count: number,
  one: (at: number) => Promise<LoadComparison>,
): Promise<LoadComparison[]> {
  const all: LoadComparison[] = [];
  for (let at = 0; at < count; at += 1) all.push(await one(at));
  return all;
}

function measureOf({ measures }: LoadComparison, name: string) {
  return measures.find((one) => one.name === name)!;
}

function outcomes({ conditions }: LoadComparison): string[] {
  return conditions.map(({ outcome }) => outcome);
}

async function refusal(work: () => Promise<unknown>) {
  try {
    await work();
  } catch (error) {
    if (isQctlError(error)) return error;
    throw error;
  }
  throw new Error('it was not refused');
}

describe('repeat runs', () => {
  const random = seededRandom(3);

  test('a regression of 20 % fails the comparison, equals do not', async () => {
    const found = await trials(60, () =>
      judged(repeats(5, 10, random), repeats(5, 12, random), ['p99 > +10%']),
    );
    expect(found.filter(({ verdict }) => verdict === 'failed').length).toBeGreaterThanOrEqual(57);
    const equals = await trials(120, () =>
      judged(repeats(5, 10, random), repeats(5, 10, random), ['p99 > +0%', 'rate < -1%']),
    );
    expect(equals.filter(({ verdict }) => verdict === 'failed').length).toBeLessThanOrEqual(6);
  });

  test('a change beyond the bound that may be chance is no pass, and says how to get an answer', async () => {
    const noisy = (factors: number[]) => factors.map((factor) => madeRun({ latencyMs: 10 * factor }));
    const comparison = await judged(noisy([1, 1.5, 0.8, 1.3]), noisy([1.2, 2.2, 0.9, 1.7]), [
      'p99 > +10%',
      'p50 > +90%',
    ]);
    expect(comparison.verdict).toBe('inconclusive');
    expect(outcomes(comparison)).toEqual(['inconclusive', 'passed']);
    expect(compareError(comparison)).toMatchObject({ kind: 'partial', code: 'LOAD_COMPARE_INCONCLUSIVE' });
    expect(compareError(comparison)!.hint).toEqual(['run both sides with --repeat 8, and compare again']);
  });

  test('a percentage more is told with its direction and an interval around it', async () => {
    const comparison = await compareLoads(repeats(6, 10, random), repeats(6, 15, random));
    const p99 = measureOf(comparison, 'p99');
    expect(p99).toMatchObject({ kind: 'time', unit: 'ms', outcome: 'worse' });
    expect(p99.relative).toBeCloseTo(0.5, 1);
    expect(p99.interval![0]).toBeLessThan(p99.relative!);
    expect(p99.interval![1]).toBeGreaterThan(p99.relative!);
    expect(p99.interval![0]).toBeGreaterThan(0.3);
    expect(measureOf(comparison, 'rate')).toMatchObject({ outcome: 'noise', relative: 0 });
    expect(comparison.verdict).toBe('compared');
    const back = await compareLoads(repeats(6, 15, random), repeats(6, 10, random), { draws: 0 });
    expect(measureOf(back, 'p99').outcome).toBe('better');
  });

  test('the other way round gives the same chance and the opposite change', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 1e6 }),
        fc.double({ min: 0.5, max: 2, noNaN: true }),
        async (seed, factor) => {
          const dice = seededRandom(seed);
          const [a, b] = [repeats(4, 10, dice), repeats(5, 10 * factor, dice)];
          const [there, back] = [await judged(a, b, []), await judged(b, a, [])];
          for (const name of ['p99', 'rate', 'lag']) {
            const [one, other] = [measureOf(there, name), measureOf(back, name)];
            expect(other.p).toBeCloseTo(one.p!, 12);
            expect(other.change).toBeCloseTo(-one.change!, 9);
          }
        },
      ),
      { numRuns: 20 },
    );
  });

  test('what was lost in one run of five counts, and needs no test', async () => {
    const candidate = [0, 0, 7, 0, 0].map((lost) => madeRun({ counts: { lost } }));
    const comparison = await judged(repeats(5, 10, random), candidate, [
      'lost > 0',
      'lost > +5',
      'lost > +10%',
      'doubled > +10%',
    ]);
    expect(outcomes(comparison)).toEqual(['failed', 'failed', 'inconclusive', 'passed']);
    expect(comparison.conditions[2]).toMatchObject({
      why: 'lost was 0 in base, and of 0 there is no percentage',
      remedy: 'write a number without one: lost > 0',
    });
    expect(compareError(comparison)).toMatchObject({ kind: 'threshold' });
    expect(measureOf(comparison, 'lost')).toMatchObject({
      base: 0,
      candidate: 7,
      change: 7,
      p: null,
      outcome: 'worse',
    });
  });

  test('more certainty than the runs can give is asked for: it says how many it takes', async () => {
    const comparison = await judged(repeats(4, 10, random), repeats(4, 20, random), ['p99 > +10%'], {
      alpha: 0.01,
    });
    expect(comparison.verdict).toBe('inconclusive');
    expect(comparison.notes.join()).toContain('--repeat 5');
  });

  test('what neither side has measured is not known, and never a pass', async () => {
    const without = (run: LoadResult): LoadResult => ({ ...run, backend: { ...run.backend, lag: null } });
    const comparison = await judged(repeats(4, 10, random).map(without), repeats(4, 10, random), [
      'lag > +10%',
      'lag > 1000',
    ]);
    expect(outcomes(comparison)).toEqual(['inconclusive', 'passed']);
    const none = await judged(repeats(4, 10, random), repeats(4, 10, random).map(without), [
      'lag > 1000',
      'lag > +5',
    ]);
    expect(outcomes(none)).toEqual(['inconclusive', 'inconclusive']);
    expect(measureOf(none, 'lag')).toMatchObject({
      candidate: null,
      change: null,
      relative: null,
      outcome: null,
    });
  });
});

describe('one run a side', () => {
  const random = seededRandom(5);
  const run = (factor: number, seconds = 40): LoadResult =>
    madeRun({
      latencyMs: 10 * factor,
      seconds: madeSeconds(seconds, 60, () => factor * (8 + 4 * random())),
    });

  test('blocks of its seconds tell a regression of 20 % from nothing, and that they say less', async () => {
    const slower = Array.from({ length: 4 }, () => run(1.2));
    const [bases, candidates] = [1, 1].map((factor) => Array.from({ length: 4 }, () => run(factor)));
    const found = await trials(4, (at) => judged([bases![at]!], [slower[at]!], ['p50 > +10%', 'p90 > +10%']));
    expect(found.filter(({ verdict }) => verdict === 'failed').length).toBe(4);
    expect(found[0]!.test).toEqual({ unit: 'blocks', base: 8, candidate: 8, blockMs: 5000, alpha: 0.05 });
    expect(found[0]!.notes.join()).toContain('says less than --repeat 4');
    const equals = await trials(16, (at) =>
      judged([bases![at % 4]!], [candidates![Math.floor(at / 4)]!], ['p50 > +0%', 'rate < -5%']),
    );
    expect(equals.filter(({ verdict }) => verdict === 'failed').length).toBe(0);
  });

  test('the interval is of all messages together', async () => {
    const comparison = await compareLoads([run(1)], [run(1.2)]);
    for (const name of ['p50', 'endToEnd.p50', 'mean']) {
      const { interval } = measureOf(comparison, name);
      expect(interval![0]).toBeGreaterThan(0.15);
      expect(interval![1]).toBeLessThan(0.25);
    }
    // Drawing from what was seen cannot tell what the largest may be, and of the stages between there are no seconds.
    expect(measureOf(comparison, 'max').interval).toBeNull();
    expect(measureOf(comparison, 'wait.p50')).toMatchObject({ p: null, interval: null, outcome: null });
  });

  test('less than forty seconds are not enough to tell', async () => {
    const comparison = await judged([run(1, 39)], [run(3, 39)], ['p99 > +10%', 'p99 > +900%', 'lost > 0']);
    expect(comparison.test.unit).toBeNull();
    expect(outcomes(comparison)).toEqual(['inconclusive', 'passed', 'passed']);
    expect(compareError(comparison)!.hint).toEqual(['run both sides with --repeat 4, and compare again']);
    expect(comparison.notes.join()).toContain('not enough to tell');
  });
});

describe('what is not comparable', () => {
  const changed = (environment: Partial<LoadResult['environment']>): LoadResult => madeRun({ environment });

  test('another workload is refused, with what differs in words', async () => {
    const other = changed({
      workload: 'b'.repeat(64),
      workloadParts: {
        ...madeRun().environment.workloadParts,
        arrivals: '{"stages":[{"kind":"constant","rate":2000,"durationMs":60000}],"count":null}',
        keys: '{"count":100,"distribution":"zipf"}',
      },
    });
    const error = await refusal(() => compareLoads([madeRun()], [other]));
    expect(error).toMatchObject({ kind: 'refused', code: 'LOAD_NOT_COMPARABLE' });
    expect(error.message).toBe(
      'the runs are not comparable: arrivals.stages.0.rate 1000 -> 2000; keys.count none -> 100; keys.distribution none -> zipf',
    );
    const accepted = await compareLoads([madeRun()], [other], { accept: ['workload'], draws: 0 });
    expect(accepted.differences.map(({ part }) => part)).toEqual([
      'arrivals.stages.0.rate',
      'keys.count',
      'keys.distribution',
    ]);
    expect(accepted.notes.join()).toContain('the runs differ in workload');
  });

  test('another machine, another Node and what was stopped are refused one by one', async () => {
    const other = changed({ cpu: 'EPYC', cores: 8, node: 'v22.1.0' });
    const stopped = { ...other, verdict: 'stopped' as const, reasons: ['by SIGINT'] };
    const error = await refusal(() => compareLoads([madeRun()], [stopped], { accept: ['node'] }));
    expect(error.message).toContain('cpu Xeon E5 -> EPYC; cores 2 -> 8');
    expect(error.message).toContain('verdict complete -> stopped (run r1): by SIGINT');
    expect(error.message).not.toContain('node');
    expect(error.hint.join()).toContain('--accept-difference machine --accept-difference verdict');
    const all = await compareLoads([madeRun()], [stopped], {
      accept: ['machine', 'node', 'verdict'],
      draws: 0,
    });
    expect(all.differences.map(({ name }) => name)).toEqual(['machine', 'machine', 'node', 'verdict']);
  });

  test('a newer patch of Node, another stream and a missed threshold are not in the way', async () => {
    const candidate = { ...changed({ node: 'v20.20.2' }), verdict: 'failed' as const };
    candidate.target = { ...candidate.target, name: 'qctl:load:{other}' };
    expect((await compareLoads([madeRun()], [candidate], { draws: 0 })).differences).toEqual([]);
  });

  test('another target is what it is for, but the runs of one side are of one', async () => {
    const sqs = madeRun({
      over: { target: { ...madeRun().target, kind: 'sqs', label: 'eu-west-1', version: null } },
    });
    expect((await compareLoads([sqs], [madeRun()], { draws: 0 })).differences).toEqual([
      { name: 'target', part: 'target', base: 'sqs', candidate: 'redis' },
      { name: 'target', part: 'server', base: 'eu-west-1', candidate: '127.0.0.1:6379' },
      { name: 'target', part: 'version', base: 'unknown', candidate: 'redis 7.0.15' },
    ]);
    expect((await refusal(() => compareLoads([sqs, madeRun()], [madeRun()]))).message).toContain(
      'the runs of base are not of one target',
    );
  });
});

describe('a block of seconds', () => {
  test('has the percentiles of its messages, as if they had been recorded together', async () => {
    const { blocksOf } = await import('../../src/load/compare/blocks.ts');
    const { spreadOf } = await import('../../src/load/compare/spread.ts');
    const random = seededRandom(9);
    const times: number[] = [];
    const seconds = madeSeconds(10, 200, () => {
      const ms = Math.exp(random() * 6);
      times.push(ms);
      return ms;
    });
    const sent = times.slice(400);
    const blocks = await blocksOf([madeRun({ seconds })], 5);
    expect(blocks.map(({ histograms }) => histograms.endToEnd!.totalCount)).toEqual([1000, 1000]);
    const whole = histogramOf(sent);
    const drawn = spreadOf(blocks.map(({ histograms }) => histograms.endToEnd))([1, 1])!;
    for (const [name, percentile] of [
      ['p50', 50],
      ['p99', 99],
      ['p999', 99.9],
      ['p9999', 99.99],
    ] as const)
      expect(drawn[name]).toBe(whole.getValueAtPercentile(percentile) / 1000);
    // Sorted, the value at a percentile is within a thousandth.
    const sorted = sent.toSorted((a, b) => a - b);
    expect(drawn.p99 / sorted[Math.ceil(0.99 * sorted.length) - 1]!).toBeCloseTo(1, 2);
    const once = histogramOf(sent.slice(0, 1000));
    expect(spreadOf(blocks.map(({ histograms }) => histograms.endToEnd))([2, 0])!.p90).toBe(
      once.getValueAtPercentile(90) / 1000,
    );
  });

  test('every measure has a kind, and what is no time, rate or level is a count', async () => {
    const { measures } = await compareLoads([madeRun()], [madeRun()], { draws: 0 });
    const counts = measures.filter(({ kind }) => kind === 'count').map(({ name }) => name);
    expect(measures.map(({ name }) => name)).toEqual([...MEASURES]);
    expect(counts).toEqual([
      ...[
        'failed',
        'dropped',
        'late',
        'unprocessed',
        'lost',
        'doubled',
        'outOfOrder',
        'corrupted',
        'redelivered',
      ],
      ...['deadLettered', 'foreign', 'errors'],
    ]);
  });
});
