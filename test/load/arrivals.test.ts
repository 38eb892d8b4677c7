import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ArrivalStage, Arrivals } from '../../src/load/arrivals/arrivals.ts';
import { planArrivals } from '../../src/load/arrivals/plan.ts';

let folder: string;
let files = 0;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'qctl-arrivals-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function recording(text: string | string[]): Promise<string> {
  files += 1;
  const file = join(folder, `recording-${files}.txt`);
  await writeFile(file, typeof text === 'string' ? text : `${text.join('\n')}\n`);
  return file;
}

const replay = async (text: string | string[], speed = 1): Promise<ArrivalStage> => ({
  kind: 'replay',
  file: await recording(text),
  speed,
});
const planOf = (...stages: ArrivalStage[]) => planArrivals(stages, null);
const dues = (plan: Arrivals) => Array.from({ length: plan.total }, (_, seq) => plan.dueMs(seq));

const rate = fc.double({ min: 0.5, max: 3000, noNaN: true });
const rateFromZero = fc.oneof(fc.constant(0), rate);
const ms = fc.integer({ min: 20, max: 1500 });
const stage: fc.Arbitrary<ArrivalStage> = fc.oneof(
  fc.record({ kind: fc.constant('constant' as const), rate, durationMs: ms }),
  fc.record({ kind: fc.constant('ramp' as const), from: rateFromZero, to: rateFromZero, durationMs: ms }),
  fc.record({
    kind: fc.constant('steps' as const),
    rates: fc.array(rate, { minLength: 1, maxLength: 4 }),
    eachMs: ms,
  }),
  fc
    .record({ base: rateFromZero, rate, widthMs: ms, besideMs: ms })
    .map(({ base, rate, widthMs, besideMs }) => ({
      kind: 'spike' as const,
      base,
      rate,
      widthMs,
      durationMs: widthMs + besideMs,
    })),
  fc.record({
    kind: fc.constant('sine' as const),
    mean: rate,
    amplitude: rateFromZero,
    periodMs: ms,
    durationMs: ms,
  }),
);
const stages = fc.array(stage, { minLength: 1, maxLength: 5 });

/** The rate as it is written, in messages a second. */
function rateAt(one: ArrivalStage, at: number): number {
  switch (one.kind) {
    case 'constant':
      return one.rate;
    case 'ramp':
      return one.from + ((one.to - one.from) * at) / one.durationMs;
    case 'steps':
      return one.rates[Math.min(one.rates.length - 1, Math.floor(at / one.eachMs))]!;
    case 'spike':
      return Math.abs(at - one.durationMs / 2) < one.widthMs / 2 ? one.rate : one.base;
    case 'sine':
      return Math.max(0, one.mean + one.amplitude * Math.sin((2 * Math.PI * at) / one.periodMs));
    default:
      throw new Error(one.kind);
  }
}

const lengthOf = (one: ArrivalStage): number =>
  one.kind === 'steps'
    ? one.rates.length * one.eachMs
    : (one as Extract<ArrivalStage, { durationMs: number }>).durationMs;

/** The integral of the rate up to a moment, by the midpoints of short pieces. */
function integral(all: ArrivalStage[], until: number): number {
  let sum = 0;
  let left = until;
  for (const one of all) {
    const span = Math.min(left, lengthOf(one));
    const parts = Math.max(1, Math.ceil(span * 4));
    for (let i = 0; i < parts; i += 1) sum += (rateAt(one, (span * (i + 0.5)) / parts) * span) / parts / 1000;
    left -= span;
    if (left <= 0) break;
  }
  return sum;
}

/** Plans that give nothing are refused, and have a test of their own. */
async function withPlan(all: ArrivalStage[], check: (plan: Arrivals) => void): Promise<void> {
  const plan = await planArrivals(all, null).catch(() => undefined);
  if (plan) check(plan);
}

test('a constant rate gives the seq-th message at seq / rate, the first at 0', async () => {
  const plan = await planOf({ kind: 'constant', rate: 1000, durationMs: 60_000 });
  expect(plan).toMatchObject({ total: 60_000, durationMs: 60_000, peakPerSecond: 1000 });
  for (const seq of [0, 1, 7, 59_999]) expect(plan.dueMs(seq)).toBe(seq);
  const odd = await planOf({ kind: 'constant', rate: 7, durationMs: 10_000 });
  for (const seq of [0, 1, 33, 69]) expect(odd.dueMs(seq)).toBe((seq * 1000) / 7);
});

test('a count at any rate is so many messages, whatever the last digits of the division are', async () => {
  const cases = fc.tuple(
    fc.integer({ min: 1, max: 1_000_000_000 }),
    fc.double({ min: 0.1, max: 1e6, noNaN: true }),
  );
  await fc.assert(
    fc.asyncProperty(cases, async ([count, perSecond]) => {
      const one: ArrivalStage = { kind: 'constant', rate: perSecond, durationMs: (count * 1000) / perSecond };
      expect((await planOf(one)).total).toBe(count);
    }),
  );
});

test('messages come in order, within the time, and as many as the integral of the rate', async () => {
  await fc.assert(
    fc.asyncProperty(stages, (all) =>
      withPlan(all, (plan) => {
        expect(plan.durationMs).toBeCloseTo(
          all.reduce((sum, one) => sum + lengthOf(one), 0),
          6,
        );
        const whole = integral(all, plan.durationMs);
        // Numeric integration is not exact: it cannot decide at the edge of a whole number.
        expect(plan.total).toBeGreaterThanOrEqual(Math.floor(whole - 1.5));
        expect(plan.total).toBeLessThanOrEqual(Math.floor(whole + 1.5));
        let before = 0;
        for (const due of dues(plan)) {
          expect(due >= before && due <= plan.durationMs).toBe(true);
          before = due;
        }
      }),
    ),
    { numRuns: 60 },
  );
});

test('a message is due where the integral of the rate reaches its number', async () => {
  await fc.assert(
    fc.asyncProperty(stages, fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true }), (all, part) =>
      withPlan(all, (plan) => {
        const seq = Math.floor(part * plan.total);
        // Within a step of the integration at the highest rate, and what its jumps between rates cost.
        expect(Math.abs(integral(all, plan.dueMs(seq)) - seq)).toBeLessThan(1.5);
      }),
    ),
    { numRuns: 200 },
  );
});

test('it says the same in any order of asking', async () => {
  await fc.assert(
    fc.asyncProperty(stages, fc.integer(), (all, seed) =>
      withPlan(all, (plan) => {
        const inOrder = dues(plan);
        for (let i = 0; i < 50; i += 1) {
          const seq = Math.abs((seed + i * 7919) % plan.total);
          expect(plan.dueMs(seq)).toBe(inOrder[seq]);
        }
      }),
    ),
    { numRuns: 50 },
  );
});

test('what is due before a moment are the messages whose time is before it', async () => {
  await fc.assert(
    fc.asyncProperty(stages, fc.double({ min: -0.1, max: 1.2, noNaN: true }), (all, part) =>
      withPlan(all, (plan) => {
        const inOrder = dues(plan);
        // At the time of a message itself it counts those before: nearly no stage has two at one moment.
        for (const [seq, due] of inOrder.entries())
          if (due !== inOrder[seq - 1] && plan.dueBefore(due) !== seq)
            expect([due, plan.dueBefore(due)]).toBe(seq);
        for (const moment of [part * plan.durationMs, 0, plan.durationMs])
          expect(plan.dueBefore(moment)).toBe(inOrder.filter((due) => due < moment).length);
      }),
    ),
    { numRuns: 100 },
  );
});

test('a count cuts the plan and its time, and is what the stages give where they give fewer', async () => {
  await fc.assert(
    fc.asyncProperty(stages, fc.integer({ min: 1, max: 4000 }), async (all, count) => {
      const whole = await planArrivals(all, null).catch(() => undefined);
      if (!whole) return;
      const cut = await planArrivals(all, count);
      expect(cut.total).toBe(Math.min(count, whole.total));
      expect(dues(cut)).toEqual(dues(whole).slice(0, count));
      if (count < whole.total) expect(cut.durationMs).toBe(whole.dueMs(count));
      else expect(cut.durationMs).toBe(whole.durationMs);
      expect(cut.dueBefore(Number.POSITIVE_INFINITY)).toBe(cut.total);
    }),
    { numRuns: 60 },
  );
});

test('a ramp from 0 and one to 0 are each other turned round', async () => {
  const up = dues(await planOf({ kind: 'ramp', from: 0, to: 100, durationMs: 10_000 }));
  const down = dues(await planOf({ kind: 'ramp', from: 100, to: 0, durationMs: 10_000 }));
  expect([up.length, down.length]).toEqual([500, 500]);
  // The integral is 5 t², so that message 125 comes at half of the time.
  expect(up[125]).toBeCloseTo(5000, 9);
  const turned = down
    .slice(1)
    .map((due) => 10_000 - due)
    .reverse();
  for (const [at, due] of up.slice(1).entries()) expect(due).toBeCloseTo(turned[at]!, 6);
});

test('stages follow each other, and where nothing is to come the next message waits for the next stage', async () => {
  const plan = await planOf(
    { kind: 'constant', rate: 10, durationMs: 1000 },
    { kind: 'ramp', from: 0, to: 0, durationMs: 5000 },
    { kind: 'steps', rates: [2, 4], eachMs: 1000 },
  );
  expect(dues(plan).slice(9)).toEqual([900, 6000, 6500, 7000, 7250, 7500, 7750]);
  expect(plan).toMatchObject({ durationMs: 8000, peakPerSecond: 10 });
});

test('a spike stands in the middle of its stage', async () => {
  const plan = await planOf({ kind: 'spike', base: 1, rate: 1000, widthMs: 2000, durationMs: 10_000 });
  expect(plan.total).toBe(2008);
  expect([plan.dueBefore(4000), plan.dueBefore(6000), plan.peakPerSecond]).toEqual([4, 2004, 1000]);
  const wide: ArrivalStage = { kind: 'spike', base: 1, rate: 9, widthMs: 20, durationMs: 10 };
  await expect(planOf(wide)).rejects.toMatchObject({ kind: 'config', code: 'LOAD_ARRIVALS_INVALID' });
});

test('a sine keeps its mean over whole periods, and never sends where it would be below 0', async () => {
  const sine = (amplitude: number) =>
    planOf({ kind: 'sine', mean: 100, amplitude, periodMs: 1000, durationMs: 10_000 });
  expect(await sine(100)).toMatchObject({ total: 1000, peakPerSecond: 200 });
  const clipped = await sine(200);
  expect(clipped.total).toBeGreaterThan(1000);
  // sin < -1/2 from 7/12 to 11/12 of each period.
  const quiet = dues(clipped).filter((due) => due % 1000 > 584 && due % 1000 < 916);
  expect(quiet).toEqual([]);
});

test('stages that give no message are refused', async () => {
  const nothing = planOf({ kind: 'ramp', from: 0, to: 0, durationMs: 1000 });
  await expect(nothing).rejects.toMatchObject({ kind: 'config', code: 'LOAD_ARRIVALS_INVALID' });
});

test('recorded times are replayed, however they are written and how fast they are wanted', async () => {
  const written = [
    ['0', '0.25', '', '# a pause', '2', '2'],
    ['1700000000000', '1700000000250', '1700000002000', '1700000002000'],
    [
      '2026-01-31T09:00:00Z',
      '2026-01-31T10:00:00.250+01:00',
      '2026-01-31 09:00:02Z',
      '2026-01-31 09:00:02+00',
    ],
    [
      'time,queue',
      '"2026-01-31T23:59:59.5Z",a',
      '2026-01-31T23:59:59.75Z,b,c',
      '2026-02-01T00:00:01.5Z,',
      '2026-02-01T00:00:01.500Z',
    ],
  ];
  for (const lines of written) expect(dues(await planOf(await replay(lines)))).toEqual([0, 250, 2000, 2000]);
  const plan = await planOf(await replay('\ufeff1;x\r\n2.5;y\r\n5;z', 2));
  expect([...dues(plan), plan.durationMs]).toEqual([0, 750, 2000, 2000]);
  expect(plan.peakPerSecond).toBe(2);
  expect([0, 1, 750, 751, 2001].map((at) => plan.dueBefore(at))).toEqual([0, 1, 1, 2, 3]);
});

test('a recording takes its place among other stages', async () => {
  const half: ArrivalStage = { kind: 'constant', rate: 2.5, durationMs: 1000 };
  const plan = await planOf(half, await replay(['5', '6', '7']), half);
  expect(dues(plan)).toEqual([0, 400, 1000, 2000, 3000, 3000, 3400]);
});

test('a recording that cannot be meant is refused by file and line', async () => {
  const cases: [string[], string][] = [
    [['1', '# x', '3', '2'], ':4: the line is earlier than the time before it'],
    [['1', 'soon'], ':2: the line is no time'],
    [['2026-02-30T00:00:00Z'], ':1: the line is no time'],
    [['time', 'what'], ':2: the line is no time'],
    [['1', '2026-01-31T09:00:00Z'], ':2: the line is written as RFC 3339, those before it as seconds'],
    [['1700000000000000'], ':1: the line is no time'],
    [['# nothing', ''], ' holds no time'],
  ];
  for (const [lines, problem] of cases) {
    const file = await recording(lines);
    const error = await planOf({ kind: 'replay', file, speed: 1 }).catch((thrown) => thrown);
    expect(error).toMatchObject({ kind: 'config', code: 'LOAD_ARRIVALS_INVALID' });
    expect(error.message).toContain(file + problem);
  }
  const gone = planOf({ kind: 'replay', file: join(folder, 'gone'), speed: 1 });
  await expect(gone).rejects.toThrow(/cannot read recording .*gone \(ENOENT\)/);
});

test('a long recording is read whole', async () => {
  const count = 200_000;
  const lines = Array.from({ length: count }, (_, at) => (at / 1000).toFixed(3));
  const plan = await planOf(await replay(lines));
  expect(plan.total).toBe(count);
  expect(plan.dueMs(count - 1)).toBe(199_999);
});
