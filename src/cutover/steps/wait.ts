import * as z from 'zod';
import { explain, holdsFor, parseExpression } from '../../checks/index.ts';
import { isQctlError, QctlError } from '../../errors.ts';
import { formatExactDuration } from '../../model/duration.ts';
import { eitherSignal } from '../../model/either-signal.ts';
import { type StepWorld, stepKind } from '../step.ts';
import { duration, text } from './common.ts';
import { pause, pauseUntil } from './pause.ts';

const MEASURE_MS = 10_000;
const GRACE_MS = 60_000;

const clock = text.refine(
  (at) => isTimeOfDay(at) || isInstant(at),
  "expected a time of day such as '02:00', or 2026-01-31T02:00:00Z",
);
const metric = z.strictObject({
  metric: text,
  with: z.record(text, z.unknown()).default({}),
  success: text.superRefine((expression, context) => {
    try {
      parseExpression(expression);
    } catch (error) {
      context.addIssue((error as Error).message);
    }
  }),
});

const schema = z.union(
  [
    duration.transform((ms) => ({ for: ms })),
    z.strictObject({ for: duration }),
    z.strictObject({ until: clock }),
    z.strictObject({ until: metric, atMost: duration, every: duration.default(1000) }),
  ],
  { error: "expected for: 30s, until: '02:00', or until: { metric, success } and atMost: 30s" },
);

type WaitParams = z.output<typeof schema>;
type UntilMetric = Extract<WaitParams, { atMost: number }>;

/** When it is over, and what `baseline` stands for: a wait that was cut off does not begin anew. */
type WaitMemento = { until: string; baseline: number | null };

/** Lets time pass: an amount, until an hour, or until something measured is as it should be. */
export const wait = stepKind<WaitParams, WaitMemento>({
  name: 'wait',
  schema,
  outline: (params) => {
    const ms = longestOf(params, new Date());
    const earliestMs = 'atMost' in params ? 0 : ms;
    return {
      does: describe(params),
      undo: 'nothing',
      repeatable: true,
      earliestMs,
      timeoutMs: ms + GRACE_MS,
      asks: null,
    };
  },
  check: async () => 'undone',
  capture: async (params, world) => {
    // An hour is that after the start of the run: where it is past by now there is nothing to wait for.
    const from = 'until' in params && !('atMost' in params) ? new Date(world.startedAt) : world.host.now();
    const until = new Date(from.getTime() + longestOf(params, from)).toISOString();
    return { until, baseline: 'atMost' in params ? await baselineOf(params, world) : null };
  },
  apply: async (params, world, memento) => {
    const until = new Date(memento.until);
    world.waiting(`waits ${describe(params).replace(/^wait /, '')}, at most until ${memento.until}`);
    try {
      if ('atMost' in params) return { text: await untilMetric(params, world, until, memento.baseline) };
      await pauseUntil(until, () => world.host.now(), world.signal);
      return { text: `it is past ${memento.until}` };
    } finally {
      world.waiting(null);
    }
  },
  rehearse: async (params, world) => {
    if (!('atMost' in params)) return { text: `would ${describe(params)}` };
    const { value, trouble } = await measure(params, world, MEASURE_MS);
    // Others work on meanwhile: what it is now says that it can be measured, and nothing of how it will be.
    if (trouble !== undefined)
      throw new QctlError('failed', trouble, {
        code: 'WAIT_NOT_MEASURED',
        hint: ['check the metric of the step, and what it looks at'],
      });
    const now = value === null ? 'there is no number yet' : `it is ${JSON.stringify(value)} now`;
    return { text: `would ${describe(params)}; ${now}` };
  },
});

function describe(params: WaitParams): string {
  if ('for' in params) return `wait for ${formatExactDuration(params.for)}`;
  if (!('atMost' in params)) return `wait until ${params.until}`;
  const { metric: name, success } = params.until;
  return `wait until ${success} for ${name}`;
}

function longestOf(params: WaitParams, now: Date): number {
  if ('for' in params) return params.for;
  if ('atMost' in params) return params.atMost;
  const { until } = params;
  const at = isTimeOfDay(until) ? nextTimeOfDay(until, now) : new Date(until);
  return Math.max(0, at.getTime() - now.getTime());
}

/** On the clock of this host. */
function nextTimeOfDay(time: string, now: Date): Date {
  const [hours, minutes] = time.split(':').map(Number);
  const at = new Date(now);
  at.setHours(hours!, minutes!, 0, 0);
  if (at < now) at.setDate(at.getDate() + 1);
  return at;
}

function isTimeOfDay(at: string): boolean {
  return /^([01]\d|2[0-3]):[0-5]\d$/.test(at);
}

function isInstant(at: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(at) && !Number.isNaN(Date.parse(at))
  );
}

/** Before anything of the wait has passed; null where there is no number. */
async function baselineOf(params: UntilMetric, world: StepWorld): Promise<number | null> {
  if (!parseExpression(params.until.success).names.has('baseline')) return null;
  const { value } = await measure(params, world, MEASURE_MS);
  return typeof value === 'number' ? value : null;
}

async function untilMetric(
  params: UntilMetric,
  world: StepWorld,
  until: Date,
  baseline: number | null,
): Promise<string> {
  const success = parseExpression(params.until.success);
  for (;;) {
    const left = until.getTime() - world.host.now().getTime();
    const { value, trouble } = await measure(params, world, Math.max(1000, Math.min(MEASURE_MS, left)));
    const holds = trouble === undefined && value !== null ? holdsFor(success, value, baseline) : null;
    const why =
      trouble ?? (value === null ? 'there is no number yet' : explain(success, value, baseline, holds));
    if (holds) return `${params.until.metric}: ${why}`;
    if (world.host.now() >= until) throw over(params, why);
    world.waiting(`waits for ${params.until.metric}: ${why}; at most until ${until.toISOString()}`);
    await pause(
      Math.min(params.every, Math.max(0, until.getTime() - world.host.now().getTime())),
      world.signal,
    );
  }
}

async function measure(
  { until }: UntilMetric,
  world: StepWorld,
  ms: number,
): Promise<{ value: Awaited<ReturnType<StepWorld['host']['measure']>>; trouble?: string }> {
  const late = AbortSignal.timeout(ms);
  const either = eitherSignal(world.signal, late);
  try {
    return { value: await world.host.measure({ metric: until.metric, with: until.with }, either.signal) };
  } catch (error) {
    world.signal.throwIfAborted();
    if (late.aborted) return { value: null, trouble: 'no answer in time' };
    if (!isQctlError(error)) throw error;
    return { value: null, trouble: world.redact(error.message) };
  } finally {
    either.dispose();
  }
}

function over({ until, atMost }: UntilMetric, why: string): QctlError {
  return new QctlError(
    'threshold',
    `${until.metric} did not come so far within ${formatExactDuration(atMost)}: ${why}`,
    {
      code: 'WAIT_OVER',
      hint: ['look why it takes so long, or give it more time with atMost'],
      details: { metric: until.metric },
    },
  );
}
