import { describe, expect, test } from 'vitest';
import { parseExpression } from '../../src/checks/index.ts';
import { type FindMaxOptions, findMax, type Probe } from '../../src/load/find-max/find-max.ts';
import type { Probed } from '../../src/load/find-max/types.ts';
import { MEASURES } from '../../src/load/measures.ts';
import { seededRandom } from '../support/random.ts';
import { madeRun } from './results.ts';

/** A target that serves so many messages a second; what comes beyond that waits. */
interface Simulated {
  capacity: number;
  /** What this process can send. */
  generator?: number;
  /** By how much the capacity is another one from run to run. */
  noise?: () => number;
}

function probing({ capacity, generator = Number.POSITIVE_INFINITY, noise = () => 1 }: Simulated) {
  const tried: [rate: number, durationMs: number][] = [];
  const probe: Probe = async (rate, durationMs) => {
    tried.push([rate, durationMs]);
    const able = capacity * noise();
    const sent = Math.min(rate, generator);
    const behind = Math.max(0, ((sent - able) * durationMs) / 1000);
    const load = Math.min(0.999, sent / able);
    const run = madeRun({
      run: `probe-${tried.length}`,
      rate: Math.min(sent, able),
      latencyMs: 2 / (1 - load) + (1000 * behind) / able,
    });
    run.backend.lag = behind;
    if (sent < rate) run.generator = { ...run.generator, limited: true, reasons: ['its CPU was used up'] };
    return run;
  };
  return { tried, probe };
}

function searching(over: Partial<FindMaxOptions> = {}): FindMaxOptions {
  return {
    slo: parseExpression('p99 < 200ms and lag < 1000', MEASURES),
    startRate: 100,
    maxRate: 100_000,
    stepMs: 10_000,
    holdMs: 30_000,
    precision: 0.05,
    signal: new AbortController().signal,
    ...over,
  };
}

describe('the search for the highest rate', () => {
  // p99 is twice 2 / (1 - load): below 200 ms up to a load of 98 %.
  test.each([137, 800, 5_400, 77_777])('finds what a target of %i a second can do', async (capacity) => {
    const { probe, tried } = probing({ capacity });
    const found = await findMax(searching(), probe);
    expect(found).toMatchObject({ verdict: 'found', limitedBy: 'target', heldMs: 30_000 });
    expect(found.rate!).toBeLessThanOrEqual(capacity * 0.98);
    expect(found.rate!).toBeGreaterThanOrEqual(capacity * 0.98 * 0.9);
    expect(tried.at(-1)).toEqual([found.rate, 30_000]);
    expect(found.probes.map(({ run }) => run)).toEqual(tried.map((_, at) => `probe-${at + 1}`));
    expect(tried.length).toBeLessThan(25);
  });

  test('the last good and the first bad rate are as near as was asked for', async () => {
    for (const precision of [0.2, 0.01]) {
      const { probes } = await findMax(searching({ precision }), probing({ capacity: 3000 }).probe);
      const steps = probes.filter(({ phase }) => phase !== 'hold');
      const good = Math.max(...steps.filter(({ ok }) => ok).map(({ rate }) => rate));
      const bad = Math.min(...steps.filter(({ ok }) => !ok).map(({ rate }) => rate));
      expect(bad / good - 1).toBeLessThanOrEqual(precision);
      expect(bad).toBeGreaterThan(good);
    }
  });

  test('comes near the truth although the target is now faster, now slower', async () => {
    for (let seed = 1; seed <= 30; seed += 1) {
      const random = seededRandom(seed);
      const { probe } = probing({ capacity: 4000, noise: () => 0.97 + 0.06 * random() });
      const found = await findMax(searching(), probe);
      expect(found.verdict).toBe('found');
      expect(found.rate!).toBeGreaterThan(4000 * 0.85);
      expect(found.rate!).toBeLessThan(4000 * 1.03);
    }
  });

  test('one bad moment is not believed', async () => {
    const { probe: steady } = probing({ capacity: 4000 });
    let runs = 0;
    const probe: Probe = async (rate, durationMs) => {
      runs += 1;
      const run = await steady(rate, durationMs);
      return runs === 1 ? { ...run, latency: madeRun({ latencyMs: 900 }).latency } : run;
    };
    const { rate, probes } = await findMax(searching(), probe);
    expect(probes.slice(0, 3).map((one) => [one.rate, one.ok])).toEqual([
      [100, false],
      [100, true],
      [200, true],
    ]);
    expect(rate!).toBeGreaterThan(3500);
  });

  test('where this host cannot send more it does not call that the maximum of the target', async () => {
    const found = await findMax(searching(), probing({ capacity: 50_000, generator: 6000 }).probe);
    expect(found).toMatchObject({ verdict: 'found', limitedBy: 'generator' });
    expect(found.rate!).toBeLessThanOrEqual(6000);
    expect(found.rate!).toBeGreaterThan(5600);
    expect(found.probes.find(({ ok }) => !ok)).toMatchObject({ limitedBy: 'generator' });
    expect(found.probes.find(({ ok }) => !ok)!.why).toContain('its CPU was used up');
  });

  test('goes no higher than it may', async () => {
    const { probe, tried } = probing({ capacity: 50_000 });
    const found = await findMax(searching({ maxRate: 700 }), probe);
    expect(found).toMatchObject({ verdict: 'found', rate: 700, limitedBy: 'max' });
    expect(tried.map(([rate]) => rate)).toEqual([100, 200, 400, 700, 700]);
  });

  test('what was good for a moment and does not last is gone down from, and said', async () => {
    const short = probing({ capacity: 4000 });
    const long = probing({ capacity: 3500 });
    const found = await findMax(searching(), (rate, ms) => (ms === 30_000 ? long : short).probe(rate, ms));
    expect(found).toMatchObject({ verdict: 'found', limitedBy: 'target', heldMs: 30_000 });
    expect(found.rate!).toBeLessThanOrEqual(3500);
    expect(found.rate!).toBeGreaterThan(3100);
    expect(found.reasons.join()).toMatch(/was good in a short run, and did not hold for longer/);
    const never = probing({ capacity: 10 });
    const none = await findMax(searching(), (rate, ms) => (ms === 30_000 ? never : short).probe(rate, ms));
    expect(none).toMatchObject({ verdict: 'none', rate: null, heldMs: 0, limitedBy: 'target' });
    expect(none.reasons[0]).toMatch(/no rate held for longer: 5 were tried/);
    expect(never.tried.length).toBe(5);
  });

  test('where not even the first rate holds there is none, and it says why', async () => {
    const found = await findMax(searching({ startRate: 1000 }), probing({ capacity: 20 }).probe);
    expect(found).toMatchObject({ verdict: 'none', rate: null, limitedBy: 'target' });
    expect(found.reasons[0]).toBe('not even 1000/s holds');
    expect(found.reasons.join()).toContain('only 2.0 % of the rate was reached');
  });

  test('what is not known, what was lost and a run that broke off are not good', async () => {
    const once = async (change: (run: Probed) => void) => {
      const probe: Probe = async (rate) => {
        const run = madeRun({ rate });
        change(run);
        return run;
      };
      return (await findMax(searching({ maxRate: 100 }), probe)).probes.at(-1)!;
    };
    expect(await once(() => undefined)).toMatchObject({ ok: true, phase: 'hold' });
    const unknown = await once((run) => {
      run.backend.lag = null;
    });
    expect(unknown.why).toEqual(['p99 < 200ms and lag < 1000 cannot be told: p99 20, lag is not known']);
    const lost = await once((run) => {
      run.counts.lost = 3;
    });
    expect(lost).toMatchObject({ ok: false, lost: 3, why: ['3 lost'] });
    const left = await once((run) => {
      run.counts.lost = null;
      run.counts.unprocessed = 12;
    });
    expect(left.why).toEqual(['12 still in the queue at the end']);
    const unsure = await once((run) => {
      run.counts.lost = null;
    });
    expect(unsure.why).toEqual(['it is not known whether anything was lost']);
    const unconsumed = await once((run) => {
      run.counts.lost = null;
      run.target = { ...run.target, groups: 0 };
    });
    expect(unconsumed.ok).toBe(true);
    const short = await once((run) => {
      run.verdict = 'stopped';
      run.reasons = ['the target uses 81 % of its memory'];
    });
    expect(short.why).toEqual(['the target uses 81 % of its memory']);
    const slow = await once((run) => {
      run.rates.reached = 98.7;
    });
    expect(slow.why).toEqual(['only 98.7 % of the rate was reached']);
  });

  test('that an answer takes its time is no lack of rate, a target that falls behind is one', async () => {
    const once = async (enqueueMs: number, reached: number) => {
      const probe: Probe = async () => {
        const run = madeRun({ rate: reached, over: { warmupMs: 2000, sendingMs: 10_000 } });
        run.latency.enqueue = madeRun({ latencyMs: enqueueMs }).latency.enqueue;
        return run;
      };
      return (await findMax(searching({ startRate: 1000, maxRate: 1000 }), probe)).verdict;
    };
    // The last of 8,000 messages is confirmed 150 ms after the end: 8,000 in 8.15 s.
    expect(await once(150, 981.6)).toBe('found');
    // A tenth too slow: 889 ms behind at the end, half of that in the middle.
    expect(await once(444, 900)).toBe('none');
    expect(await once(1, 985)).toBe('none');
  });

  test('when it is stopped it tells what it knows so far', async () => {
    const stop = new AbortController();
    const { probe, tried } = probing({ capacity: 4000 });
    const found = await findMax(searching({ signal: stop.signal }), async (rate, ms) => {
      if (rate === 800) stop.abort('SIGINT');
      return probe(rate, ms);
    });
    expect(found).toMatchObject({ verdict: 'stopped', rate: 400, heldMs: 0 });
    expect(found.probes.map(({ rate }) => rate)).toEqual([100, 200, 400]);
    expect(tried.length).toBe(4);
  });

  test('what a run throws ends the search', async () => {
    const refused = findMax(searching(), () => Promise.reject(new Error('connection refused')));
    await expect(refused).rejects.toThrow('connection refused');
  });
});
