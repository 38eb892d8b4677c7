import type { CheckSpec, CheckSummary, Measure, Measurement, Reaction } from './check.ts';
import { type Measured, measureOnce } from './measure-once.ts';
import { judgeOf } from './verdict.ts';
import { sleepUnless } from './wait.ts';

/** What a check that has gone wrong too often asks for. */
export interface CheckReaction {
  check: string;
  reaction: Reaction;
  /** As a sentence without capital and full stop. */
  why: string;
  /** When the measurement that decided was made, RFC 3339. */
  at: string;
}

/** What a check under watch is given. */
export interface WatchOne {
  measure: Measure;
  baseline: number | null;
  /** Told of each measurement once it is counted. */
  measured(measurement: Measurement): void;
  /** A limit is passed. Told once; the check goes on. */
  reacted(reaction: CheckReaction): void;
  /** No measurement begins after it; the one under way is waited for. */
  over: AbortSignal;
  /** Ends everything at once. */
  stop: AbortSignal;
}

/** After an error it is measured again sooner than the interval says. */
const RETRY_MS = 10_000;
const KEPT = 10;

/** Measures one check again and again, one measurement at a time, and counts what comes of it. */
export class CheckWatch {
  readonly spec: CheckSpec;
  readonly summary: CheckSummary;
  readonly #options: WatchOne;
  readonly #judge: ReturnType<typeof judgeOf>;
  #errorsInARow = 0;
  #reacted = false;

  constructor(spec: CheckSpec, options: WatchOne) {
    this.spec = spec;
    this.#options = options;
    this.#judge = judgeOf(spec);
    const counts = { passed: 0, failed: 0, errors: 0, inconclusive: 0 };
    this.summary = { check: spec.name, dryRun: spec.dryRun, ...counts, last: [] };
  }

  /** Whether it has passed a limit. */
  get hasReacted(): boolean {
    return this.#reacted;
  }

  /** Until the count is reached, the time is over, or it is stopped. */
  async run(): Promise<void> {
    const { intervalMs, initialDelayMs, count } = this.spec;
    const from = performance.now() + initialDelayMs;
    let due = from;
    for (let made = 0; made < (count ?? Number.POSITIVE_INFINITY); made += 1) {
      await sleepUnless(this.#options.over, due - performance.now());
      if (this.#options.over.aborted) return;
      const begun = performance.now();
      const failed = await this.#measure();
      if (failed === undefined) return;
      // Measurements keep to the times of a clock: one that took long makes the next one no later, or is left out.
      const next = from + intervalMs * (Math.floor((performance.now() - from) / intervalMs) + 1);
      due = failed ? Math.min(next, Math.max(begun + RETRY_MS, performance.now())) : next;
    }
  }

  /** Whether it could not be measured; undefined where it was stopped. */
  async #measure(): Promise<boolean | undefined> {
    const at = new Date().toISOString();
    const { measure, stop, baseline, measured } = this.#options;
    const result = await measureOnce(this.spec, measure, stop);
    if (!result || stop.aborted) return undefined;
    const measurement = { check: this.spec.name, at, baseline, ...this.#outcome(result) };
    this.#count(measurement);
    measured(measurement);
    this.#react(measurement);
    return measurement.outcome === 'error';
  }

  #outcome(result: Measured): Pick<Measurement, 'outcome' | 'value' | 'why'> {
    if ('error' in result) return { outcome: 'error', value: null, why: result.error };
    return { value: result.value, ...this.#judge(result.value, this.#options.baseline) };
  }

  #count(measurement: Measurement): void {
    const { summary } = this;
    const names = { pass: 'passed', fail: 'failed', error: 'errors', inconclusive: 'inconclusive' } as const;
    summary[names[measurement.outcome]] += 1;
    summary.last = [...summary.last, measurement].slice(-KEPT);
    this.#errorsInARow = measurement.outcome === 'error' ? this.#errorsInARow + 1 : 0;
  }

  #react({ outcome, why, at }: Measurement): void {
    const { dryRun, onFailure, name } = this.spec;
    const beyond = this.#beyond(outcome);
    if (beyond === undefined || dryRun || this.#reacted) return;
    this.#reacted = true;
    const reaction = outcome === 'inconclusive' && onFailure === 'rollback' ? 'pause' : onFailure;
    this.#options.reacted({ check: name, reaction, at, why: `${beyond}: ${why}` });
  }

  /** What was beyond its limit; undefined where nothing is. */
  #beyond(outcome: Measurement['outcome']): string | undefined {
    const { failureLimit, errorLimit, inconclusiveLimit } = this.spec;
    const { failed, inconclusive } = this.summary;
    if (outcome === 'fail' && failed > failureLimit) return counted('it failed', failed);
    if (outcome === 'error' && this.#errorsInARow > errorLimit)
      return `${counted('it could not be measured', this.#errorsInARow)}${this.#errorsInARow > 1 ? ' in a row' : ''}`;
    if (outcome === 'inconclusive' && inconclusive > inconclusiveLimit)
      return counted('it was inconclusive', inconclusive);
    return undefined;
  }
}

function counted(what: string, times: number): string {
  return times === 1 ? what : `${what} ${times} times`;
}
