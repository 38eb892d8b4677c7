import type { QueueFacts } from '../../backends/sqs/index.ts';
import { Interrupted, pause } from '../../model/patience.ts';
import { type DeadLetters, depthOf } from './dead-letters.ts';
import type { SqsTrend } from './facts.ts';

const LOOKS = 3;

/** Two looks at the same time at a queue and its dead-letter queue. */
export interface Observed {
  before: QueueFacts;
  after: QueueFacts;
  trend: SqsTrend;
}

/**
 * Looks at the queue, waits, and looks again.
 *
 * @throws Interrupted where the signal ends the wait
 */
export async function observe(
  look: () => Promise<QueueFacts>,
  deadLetters: DeadLetters | null,
  ms: number,
  signal = new AbortController().signal,
): Promise<Observed> {
  const begun = performance.now();
  const [before, deadBefore] = await Promise.all([look(), deadLetters?.look()]);
  await pause(ms, signal);
  if (signal.aborted) throw new Interrupted();
  const observedMs = performance.now() - begun;
  const [after, deadAfter] = await Promise.all([look(), deadLetters?.look()]);
  const perSecond = (was: number, is: number): number => rounded(((is - was) * 1000) / observedMs);
  const trend: SqsTrend = {
    observedMs: Math.round(observedMs),
    visiblePerSecond: perSecond(before.visible, after.visible),
    inFlightPerSecond: perSecond(before.inFlight, after.inFlight),
    delayedPerSecond: perSecond(before.delayed, after.delayed),
    deadLettersPerSecond: deadBefore && deadAfter ? perSecond(depthOf(deadBefore), depthOf(deadAfter)) : null,
  };
  return { before, after, trend };
}

/** By how much the queue grows, messages a second; less than zero where it shrinks. */
export function growthOf({ visiblePerSecond, inFlightPerSecond, delayedPerSecond }: SqsTrend): number {
  return rounded(visiblePerSecond + inFlightPerSecond + delayedPerSecond);
}

/**
 * What comes in and what others take out. SQS tells only how the depth changes; that is one of the two where
 * nothing is in flight, and nobody consumes.
 */
export function ratesOf(
  observed: Observed | null,
): Record<'arrivalPerSecond' | 'completionPerSecond', number | null> {
  if (!observed || observed.before.inFlight > 0 || observed.after.inFlight > 0)
    return { arrivalPerSecond: null, completionPerSecond: null };
  const growth = growthOf(observed.trend);
  return growth < 0
    ? { arrivalPerSecond: null, completionPerSecond: -growth }
    : { arrivalPerSecond: growth, completionPerSecond: 0 };
}

/** How long a call takes: the median of a few, one after the other. */
export async function roundTripMs(look: () => Promise<unknown>): Promise<number> {
  const times: number[] = [];
  for (let n = 0; n < LOOKS; n += 1) {
    const begun = performance.now();
    await look();
    times.push(performance.now() - begun);
  }
  return rounded(times.sort((a, b) => a - b)[Math.floor(LOOKS / 2)]!);
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
