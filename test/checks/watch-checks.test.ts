import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type CheckSpec,
  type CheckValue,
  type Measure,
  takeBaseline,
  type WatchEvent,
  type WatchOptions,
  watchChecks,
} from '../../src/checks/index.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

function check(given: Partial<CheckSpec> = {}): CheckSpec {
  return {
    name: 'lag',
    metric: 'm',
    with: {},
    success: 'value < 10',
    failure: null,
    intervalMs: 1000,
    initialDelayMs: 0,
    count: null,
    failureLimit: 0,
    errorLimit: 0,
    inconclusiveLimit: 0,
    timeoutMs: 5000,
    onFailure: 'rollback',
    dryRun: false,
    ...given,
  };
}

/** Gives these values one after the other, the last one again and again; throws what is an Error. */
function values(...given: (CheckValue | Error)[]): Measure & { at: number[] } {
  const at: number[] = [];
  const from = Date.now();
  const measure = async (): Promise<CheckValue> => {
    const value = given[Math.min(at.length, given.length - 1)]!;
    at.push(Date.now() - from);
    if (value instanceof Error) throw value;
    return value;
  };
  return Object.assign(measure, { at });
}

const idle = new AbortController().signal;

/** Lets time pass until it is over; what others have running on timers does not matter. */
async function untilSettled(work: Promise<unknown>): Promise<void> {
  let settled = false;
  const over = () => {
    settled = true;
  };
  work.then(over, over);
  for (let second = 0; !settled && second < 100_000; second += 1) await vi.advanceTimersByTimeAsync(100);
}

async function watch(specs: CheckSpec[], measure: Measure, options: Partial<WatchOptions> = {}) {
  const events: WatchEvent[] = [];
  const from = Date.now();
  const all = { forMs: 5000, signal: idle, on: (event: WatchEvent) => void events.push(event), ...options };
  const running = watchChecks(specs, measure, all).then((outcome) => ({ outcome, took: Date.now() - from }));
  await untilSettled(running);
  const warned = events.filter((event) => event.type === 'warned');
  return { ...(await running), events, warned };
}

test('checks that pass all the time pass, and are measured at even times', async () => {
  const measure = values(1);
  const { outcome, took } = await watch([check()], measure);
  expect(outcome).toMatchObject({ outcome: 'passed', summaries: [{ passed: 5, failed: 0 }] });
  expect(measure.at).toEqual([0, 1000, 2000, 3000, 4000]);
  expect(took).toBe(5000);
});

test('one failure too many ends it at once, and says which measurement it was', async () => {
  const { outcome, took, events } = await watch([check({ failureLimit: 1 })], values(1, 20, 1, 30));
  expect(outcome).toMatchObject({
    outcome: 'reacted',
    check: 'lag',
    reaction: 'rollback',
    why: 'it failed 2 times: 30 is not < 10',
  });
  expect(took).toBe(3000);
  const last = events.at(-1);
  expect(last?.type === 'measured' && last.measurement.at).toBe(outcome.at);
});

test('what cannot be measured is no failure: it is tried again, and asks for the reaction after its limit', async () => {
  const measure = values(new Error('no route'), new Error('no route'), 1, new Error('no route'));
  const spec = check({ intervalMs: 60_000, errorLimit: 2 });
  const { outcome } = await watch([spec], measure, { forMs: 300_000 });
  expect(outcome).toMatchObject({
    outcome: 'reacted',
    why: 'it could not be measured 3 times in a row: no route',
  });
  // Sooner than the interval, and back to its times once it can be measured.
  expect(measure.at).toEqual([0, 10_000, 20_000, 60_000, 70_000, 80_000]);
});

test('no number pauses, and never passes', async () => {
  const { outcome } = await watch([check({ success: 'isNull(value) or value < 5' })], values(null));
  expect(outcome).toMatchObject({
    outcome: 'reacted',
    reaction: 'pause',
    why: 'it was inconclusive: there is no number',
  });
});

test('that there is no number may be a failure', async () => {
  const spec = check({ success: null, failure: 'isNull(value) or value > 5' });
  expect((await watch([spec], values(null))).outcome).toMatchObject({ reaction: 'rollback' });
});

test('between success and failure it is inconclusive', async () => {
  const spec = check({ success: 'value < 10', failure: 'value > 20', inconclusiveLimit: 1 });
  const { outcome } = await watch([spec], values(5, 15, 5, 15));
  expect(outcome).toMatchObject({ reaction: 'pause', summaries: [{ passed: 2, inconclusive: 2 }] });
});

test('a check that never had data pauses at the end', async () => {
  const { outcome, took } = await watch([check({ inconclusiveLimit: 100 })], values(null));
  expect(outcome).toMatchObject({
    outcome: 'reacted',
    reaction: 'pause',
    why: 'it never had data: there is no number',
  });
  expect(took).toBe(5000);
});

test('a check whose delay is longer than the time is not missed', async () => {
  const measure = values(1);
  const { outcome } = await watch([check({ initialDelayMs: 5000 })], measure);
  expect(outcome.outcome).toBe('passed');
  expect(measure.at).toEqual([]);
});

test('a warning is told once, and it goes on', async () => {
  const { outcome, warned } = await watch([check({ onFailure: 'warn' })], values(20));
  expect(outcome).toMatchObject({ outcome: 'passed', summaries: [{ failed: 5 }] });
  expect(warned).toEqual([{ type: 'warned', check: 'lag', why: 'it failed: 20 is not < 10' }]);
});

test('a check without data that only warns does not pause either', async () => {
  const { outcome, warned } = await watch([check({ onFailure: 'warn', inconclusiveLimit: 9 })], values(null));
  expect([outcome.outcome, warned.length]).toEqual(['passed', 1]);
});

test('a dry run is measured and of no consequence', async () => {
  const { outcome, warned } = await watch([check({ dryRun: true })], values(20));
  expect(outcome).toMatchObject({ outcome: 'passed', summaries: [{ dryRun: true, failed: 5 }] });
  expect(warned).toEqual([]);
});

test("a hanging measurement is an error, and its late answer is nobody's", async () => {
  let signal: AbortSignal | undefined;
  const measure: Measure = (_, given) => {
    signal = given;
    return new Promise((resolve) => setTimeout(() => resolve(1), 400));
  };
  const spec = check({ timeoutMs: 300, errorLimit: 1 });
  const { outcome } = await watch([spec], measure);
  expect(outcome).toMatchObject({
    why: 'it could not be measured 2 times in a row: no answer within 300 ms',
    summaries: [{ passed: 0, errors: 2 }],
  });
  expect(signal?.aborted).toBe(true);
});

test('a slow measurement is not overtaken by the next one, and leaves the times even', async () => {
  let open = 0;
  let most = 0;
  const at: number[] = [];
  const from = Date.now();
  const measure: Measure = async () => {
    at.push(Date.now() - from);
    open += 1;
    most = Math.max(most, open);
    await new Promise((resolve) => setTimeout(resolve, 1300));
    open -= 1;
    return 1;
  };
  await watch([check()], measure);
  expect(most).toBe(1);
  expect(at).toEqual([0, 2000, 4000]);
});

test('the measurement under way at the end still counts', async () => {
  const measure: Measure = async () => {
    await new Promise((resolve) => setTimeout(resolve, 4000));
    return 99;
  };
  const { outcome, took } = await watch([check({ intervalMs: 9000 })], measure, { forMs: 1000 });
  expect(outcome).toMatchObject({ outcome: 'reacted', reaction: 'rollback' });
  expect(took).toBe(4000);
});

test('the signal ends it at once', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 2500);
  const { outcome, took } = await watch([check()], values(1), { forMs: null, signal: stop.signal });
  expect(outcome).toMatchObject({ outcome: 'stopped', summaries: [{ passed: 3 }] });
  expect(took).toBe(2500);
});

test('without a time it ends with the counts', async () => {
  const specs = [check({ count: 2 }), check({ name: 'other', count: 4 })];
  const { outcome, took } = await watch(specs, values(1), { forMs: null });
  expect(outcome).toMatchObject({ outcome: 'passed', summaries: [{ passed: 2 }, { passed: 4 }] });
  expect(took).toBe(3000);
});

test('the first that reacts ends all others', async () => {
  const measure: Measure = async ({ metric }) => (metric === 'bad' ? 99 : 1);
  const specs = [check(), check({ name: 'bad', metric: 'bad', initialDelayMs: 1500, onFailure: 'pause' })];
  const { outcome } = await watch(specs, measure);
  expect(outcome).toMatchObject({
    check: 'bad',
    reaction: 'pause',
    summaries: [{ passed: 2 }, { failed: 1 }],
  });
});

test('of a thousand measurements the last ten are kept', async () => {
  const { outcome } = await watch([check()], values(1), { forMs: 1_000_000 });
  expect(outcome.summaries[0]).toMatchObject({ passed: 1000 });
  expect(outcome.summaries[0]!.last).toHaveLength(10);
});

test('a time beyond what a timer can hold is waited for', async () => {
  const stop = new AbortController();
  setTimeout(() => stop.abort(), 5000);
  const { outcome, took } = await watch([check({ intervalMs: 3e9 })], values(1), {
    forMs: 3e9,
    signal: stop.signal,
  });
  expect([outcome.outcome, took]).toEqual(['stopped', 5000]);
});

test('a baseline counts in what follows', async () => {
  const spec = check({ success: 'value < baseline * 1.2' });
  const { outcome } = await watch([spec], values(125), { baselines: { lag: 100 } });
  expect(outcome.why).toBe('it failed: 125 is not < baseline * 1.2 (baseline 100)');
});

async function baseline(specs: CheckSpec[], measure: Measure, forMs = 3000) {
  const taken = takeBaseline(specs, measure, { forMs, signal: idle });
  await untilSettled(taken);
  return taken;
}

test('a baseline is the mean over the time', async () => {
  const specs = [check({ success: 'value < baseline * 1.2', initialDelayMs: 9000 })];
  expect(await baseline(specs, values(1, 2, 6))).toEqual({ values: { lag: 3 }, failing: [] });
});

test('a baseline is measured once where there is no time', async () => {
  expect(await baseline([check()], values(7), 0)).toEqual({ values: { lag: 7 }, failing: [] });
});

test('what fails before anything has begun is told, and so is what has no data', async () => {
  const measure: Measure = async ({ metric }) => {
    if (metric === 'away') throw new Error('no route');
    return metric === 'none' ? null : metric === 'text' ? 'open' : 50;
  };
  const specs = [
    check({ name: 'high' }),
    check({ name: 'none', metric: 'none' }),
    check({ name: 'away', metric: 'away' }),
    check({ name: 'text', metric: 'text', success: "value == 'closed'" }),
    check({ name: 'dry', dryRun: true }),
  ];
  expect(await baseline(specs, measure)).toEqual({
    values: { high: 50, none: null, away: null, text: null, dry: 50 },
    failing: [
      { check: 'high', outcome: 'fail', why: '50 is not < 10' },
      { check: 'none', outcome: 'inconclusive', why: 'it had no data' },
      { check: 'away', outcome: 'error', why: 'it could not be measured: no route' },
      { check: 'text', outcome: 'fail', why: `"open" is not 'closed'` },
    ],
  });
});
