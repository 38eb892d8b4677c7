import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  countCalls,
  type GeneratedCalls,
  generateOutcomes,
  type Outcome,
  OutcomeParser,
  parseOutage,
  parseOutcomeLine,
  Simulation,
  type SimulationResult,
} from '../../src/breaker/index.ts';
import type { GivenSettings } from '../../src/model/breaker-settings.ts';

function simulate(given: GivenSettings, outcomes: Iterable<Outcome>, endMs?: number): SimulationResult {
  const simulation = new Simulation(given);
  let lastMs = 0;
  for (const outcome of outcomes) {
    simulation.take(outcome);
    lastMs = outcome.atMs;
  }
  return simulation.end(endMs ?? lastMs);
}

const CALLS: GeneratedCalls = {
  ...{ ratePerSecond: 100, forMs: 300_000, failureRate: 0, slowRate: 0 },
  ...{ outages: [{ fromMs: 120_000, forMs: 60_000, failureRate: 100 }], instances: 1, seed: 1 },
};
const call = (atMs: number, ok: boolean, more: Partial<Outcome> = {}): Outcome => ({
  ...{ atMs, ok, durationMs: null, slow: false, instance: '' },
  ...more,
});

describe('an outage', () => {
  const settings = { failureThreshold: 5, openMs: 30_000, successThreshold: 2 };

  test('opens the breaker at the call that reaches the threshold, and closes it after the probes', () => {
    const result = simulate(settings, generateOutcomes(CALLS), 300_000);
    expect(result.timeline.map(({ from, to, cause, detail }) => [from, to, cause, detail])).toEqual([
      ['closed', 'open', 'failures', '5 of 6005 calls failed in 60s, threshold 5'],
      ['open', 'half-open', 'open-time-over', null],
      ['half-open', 'open', 'probe-failed', null],
      ['open', 'half-open', 'open-time-over', null],
      ['half-open', 'closed', 'recovered', null],
    ]);
    expect(result).toMatchObject({
      ...{
        firstOpenedAtMs: 120_040,
        openings: 2,
        calls: 30_000,
        failedThrough: 6,
        probes: 3,
        state: 'closed',
      },
      nearest: null,
    });
    expect(result.timeline[0]).toMatchObject({ failedCalls: 5, atMs: 120_040 });
    // The first open time with its jitter, and twice as long.
    expect(result.openMs).toBeGreaterThanOrEqual(90_000);
    expect(result.openMs).toBeLessThanOrEqual(99_100);
    expect(result.rejected + result.passed).toBe(30_000);
    expect(result.rejectedOk).toBe(result.rejected - (6000 - 6));
  });

  test('that is too short for the threshold tells how near it came', () => {
    const outages = [{ fromMs: 120_000, forMs: 40, failureRate: 100 }];
    const result = simulate(settings, generateOutcomes({ ...CALLS, outages }));
    expect([result.openings, result.nearest]).toEqual([
      0,
      {
        failures: { value: 4, threshold: 5, calls: 6004, atMs: 120_030 },
        ...{
          failureRate: null,
          slowCallRate: null,
          mostCalls: 6004,
          minimumCalls: 0,
          tooFewInstances: false,
        },
      },
    ]);
  });

  test('that only one of many processes sees does not open it for all', () => {
    const outcomes = Array.from({ length: 60 }, (_, i) =>
      call(i * 100, i % 2 === 0, { instance: `w${i % 2}` }),
    );
    const alone = simulate({ failureThreshold: 3, instances: 2 }, outcomes);
    expect([alone.openings, alone.nearest?.tooFewInstances]).toEqual([0, true]);
    expect(simulate({ failureThreshold: 3 }, outcomes).openings).toBeGreaterThan(0);
  });

  test('rates wait for enough calls', () => {
    const outcomes = Array.from({ length: 9 }, (_, i) => call(i, false));
    expect(simulate({ failureRate: 50 }, outcomes)).toMatchObject({
      ...{ openings: 0, nearest: { failureRate: null, mostCalls: 9, minimumCalls: 10 } },
    });
    expect(simulate({ failureRate: 50 }, [...outcomes, call(9, false)]).openings).toBe(1);
  });
});

describe('calls that take time', () => {
  test('count when they end, and those that began before it opened do not count after it', () => {
    const slow = (atMs: number) => call(atMs, false, { durationMs: 30_000 });
    const result = simulate({ failureThreshold: 2 }, [
      slow(0),
      slow(10),
      slow(20),
      call(30_009, true),
      call(30_011, true),
    ]);
    expect(result.firstOpenedAtMs).toBe(30_010);
    expect(result).toMatchObject({ passed: 4, failedThrough: 3, rejected: 1, rejectedOk: 1 });
  });

  test('are slow beyond the limit, whatever their outcome', () => {
    const outcomes = Array.from({ length: 20 }, (_, i) =>
      call(i * 100, true, { durationMs: i % 2 ? 900 : 100 }),
    );
    const given = { slowCallMs: 500, slowCallRate: 50 };
    expect(simulate(given, outcomes, 60_000).timeline[0]).toMatchObject({ cause: 'slow-calls' });
    expect(simulate({ ...given, slowCallMs: 1000 }, outcomes, 60_000).openings).toBe(0);
  });

  test('as probes are no more at once than allowed', () => {
    const outcomes = [
      call(0, false),
      ...Array.from({ length: 50 }, (_, i) => call(70_000 + i * 50, true, { durationMs: 500_000 })),
    ];
    const result = simulate({ failureThreshold: 1, halfOpenProbes: 3, probeTimeoutMs: 100 }, outcomes);
    expect(result).toMatchObject({ probes: 3, rejected: 47, state: 'half-open' });
  });
});

const outcomesOf = fc
  .array(
    fc.record({
      gapMs: fc.nat(20_000),
      ok: fc.boolean(),
      durationMs: fc.option(fc.nat(5000)),
      instance: fc.constantFrom('a', 'b', 'c'),
    }),
    { maxLength: 120 },
  )
  .map((calls) => {
    let atMs = 1_700_000_000_000;
    return calls.map(({ gapMs, ...one }) => {
      atMs += gapMs;
      return { ...one, atMs, slow: false };
    });
  });

const settingsOf = fc.record(
  {
    failureThreshold: fc.integer({ min: 0, max: 8 }),
    failureRate: fc.integer({ min: 0, max: 100 }),
    minimumCalls: fc.integer({ min: 1, max: 20 }),
    windowMs: fc.integer({ min: 1000, max: 120_000 }),
    slowCallMs: fc.constantFrom(0, 1000, 3000),
    openMs: fc.integer({ min: 100, max: 60_000 }),
    halfOpenProbes: fc.integer({ min: 1, max: 3 }),
    successThreshold: fc.integer({ min: 1, max: 4 }),
    instances: fc.integer({ min: 1, max: 3 }),
  },
  { requiredKeys: [] },
);

describe('whatever the calls and the settings', () => {
  test('a higher threshold never opens earlier', () => {
    fc.assert(
      fc.property(
        outcomesOf,
        settingsOf,
        fc.integer({ min: 1, max: 8 }),
        fc.nat(5),
        (outcomes, given, low, more) => {
          const opens = (failureThreshold: number) =>
            simulate({ ...given, failureThreshold }, outcomes).firstOpenedAtMs ?? Number.POSITIVE_INFINITY;
          expect(opens(low + more)).toBeGreaterThanOrEqual(opens(low));
        },
      ),
    );
  });

  test('a higher rate, more minimum calls and more instances never open it earlier', () => {
    fc.assert(
      fc.property(
        outcomesOf,
        settingsOf,
        fc.constantFrom('failureRate', 'minimumCalls', 'instances'),
        (outcomes, given, key) => {
          const opens = (value: number) =>
            simulate({ ...given, failureThreshold: 0, slowCallMs: 0, [key]: value }, outcomes)
              .firstOpenedAtMs ?? Number.POSITIVE_INFINITY;
          // The share that makes a process be in trouble goes up with the rate, too.
          expect(opens(9)).toBeGreaterThanOrEqual(opens(3));
        },
      ),
    );
  });

  test('every call is passed or rejected, moves are legal, and the same comes out again', () => {
    fc.assert(
      fc.property(outcomesOf, settingsOf, (outcomes, given) => {
        const result = simulate(given, outcomes);
        expect(result.passed + result.rejected).toBe(outcomes.length);
        expect(result.failedThrough).toBeLessThanOrEqual(result.passed);
        expect(result.nearest === null).toBe(result.openings > 0);
        const moves = result.timeline.map(({ from, to }) => `${from} ${to}`);
        for (const move of moves)
          expect(['closed open', 'open half-open', 'half-open open', 'half-open closed']).toContain(move);
        result.timeline.forEach(({ from, atMs }, i) => {
          expect(from).toBe(result.timeline[i - 1]?.to ?? 'closed');
          expect(atMs).toBeGreaterThanOrEqual(result.timeline[i - 1]?.atMs ?? 0);
        });
        const span = outcomes.length > 0 ? outcomes.at(-1)!.atMs - outcomes[0]!.atMs : 0;
        expect(result.openMs + result.halfOpenMs).toBeLessThanOrEqual(span);
        expect(simulate(given, outcomes)).toEqual(result);
      }),
    );
  });

  test('with everything off it never opens', () => {
    fc.assert(
      fc.property(outcomesOf, (outcomes) => {
        const off = { failureThreshold: 0, failureRate: 0, slowCallMs: 0 };
        expect(simulate(off, outcomes)).toMatchObject({ openings: 0, rejected: 0, openMs: 0 });
      }),
    );
  });
});

describe('generated calls', () => {
  test('are as many as said, in order, and the same for the same seed', () => {
    const spec = fc.record({
      ratePerSecond: fc.double({ min: 0.01, max: 200, noNaN: true }),
      forMs: fc.integer({ min: 1, max: 20_000 }),
      failureRate: fc.integer({ min: 0, max: 100 }),
      slowRate: fc.integer({ min: 0, max: 100 }),
      outages: fc.constant([]),
      instances: fc.integer({ min: 1, max: 4 }),
      seed: fc.nat(),
    });
    fc.assert(
      fc.property(spec, (calls) => {
        const outcomes = [...generateOutcomes(calls)];
        expect(outcomes).toHaveLength(countCalls(calls));
        expect(outcomes.map(({ atMs }) => atMs)).toEqual(
          outcomes.map(({ atMs }) => atMs).sort((a, b) => a - b),
        );
        expect(outcomes.every(({ atMs }) => atMs < calls.forMs)).toBe(true);
        expect([...generateOutcomes(calls)]).toEqual(outcomes);
        if (calls.failureRate === 0) expect(outcomes.every(({ ok }) => ok)).toBe(true);
        if (calls.failureRate === 100) expect(outcomes.some(({ ok }) => ok)).toBe(false);
      }),
      { numRuns: 50 },
    );
  });

  test('at a rate that floating point cannot tell exactly are not one more', () => {
    expect(countCalls({ ratePerSecond: 1.1, forMs: 90_000 })).toBe(99);
  });

  test.each([
    ['2m+1m', { fromMs: 120_000, forMs: 60_000, failureRate: 100 }],
    ['0s+90s@80%', { fromMs: 0, forMs: 90_000, failureRate: 80 }],
    ['2m', undefined],
    ['2m+0s', undefined],
    ['2m+1m@0.8', undefined],
    ['2m+1m@101%', undefined],
    ['', undefined],
  ])('an outage %j', (text, outage) => {
    expect(parseOutage(text)).toEqual(outage);
  });
});

describe('recorded calls', () => {
  test.each([
    ['ok', { ok: true }],
    ['{"outcome":"fail"}', { ok: false }],
    [
      '{"at":"2026-11-22T06:00:00.5Z","outcome":"ok","durationMs":120,"instance":7,"slow":true,"more":{}}',
      { atMs: Date.UTC(2026, 10, 22, 6, 0, 0, 500), ok: true, durationMs: 120, slow: true, instance: '7' },
    ],
    ['{"at":12.5,"outcome":"ok"}', { atMs: 12.5, ok: true }],
    ['OK', 'expected ok, fail or {"at": …, "outcome": "ok" or "fail"}, got "OK"'],
    ['{"at":1', 'not valid JSON'],
    ['{"at":1}', 'outcome: expected ok or fail, got nothing'],
    ['{"outcome":"ok","at":"noon"}', 'at: expected RFC 3339 or ms, got "noon"'],
    ['{"outcome":"ok","durationMs":-1}', 'durationMs: expected a number from 0, got -1'],
    ['{"outcome":"ok","slow":"yes"}', 'slow: expected true or false, got "yes"'],
  ])('%s', (text, expected) => {
    expect(parseOutcomeLine(text)).toEqual(expected);
  });

  test('are read whatever stands there, never before the one before them, and bad ones are counted', () => {
    const line = fc.oneof(
      fc.constantFrom('ok', 'fail', '', '  ok '),
      fc.string(),
      fc.json(),
      fc.record({ at: fc.nat(), outcome: fc.constantFrom('ok', 'fail') }).map((one) => JSON.stringify(one)),
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 30 }), (lines) => {
        const parser = new OutcomeParser(100);
        const outcomes = lines.flatMap((text) => parser.next(text) ?? []);
        const empty = lines.filter((text) => text.trim() === '').length;
        expect(outcomes.length + parser.bad + empty).toBe(lines.length);
        const times = outcomes.map(({ atMs }) => atMs);
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        for (const { line: number, problem } of parser.badLines) {
          expect(parseOutcomeLine(lines[number - 1]!.trim())).toBe(problem);
        }
      }),
    );
  });

  test('without times stand as far apart as said, and after the last that has one', () => {
    const parser = new OutcomeParser(100);
    const lines = ['ok', 'ok', '{"at":1000,"outcome":"ok"}', 'fail', '{"at":5,"outcome":"ok"}'];
    expect(lines.map((line) => parser.next(line)?.atMs)).toEqual([0, 100, 1000, 1100, 1100]);
    expect(parser.outOfOrder).toBe(1);
  });
});
