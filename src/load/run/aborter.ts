import { failureText, judgeThresholds, thresholdsOf } from '../thresholds.ts';
import type { LoadRun } from './load-run.ts';
import { measuredOf } from './measured-of.ts';

const EVERY_SECONDS = 2;

/** Judges the thresholds that end a run, while it goes on. What cannot be judged yet ends nothing. */
export class Aborter {
  readonly #run: LoadRun;
  #seconds = 0;
  readonly reasons: string[] = [];

  constructor(run: LoadRun) {
    this.#run = run;
  }

  /** Called each second. @returns why it is to end; empty: it is not */
  look(): string[] {
    this.#seconds += 1;
    const { profile } = this.#run.parts;
    const elapsedMs = this.#run.elapsedMs - profile.warmupMs;
    const due = thresholdsOf(profile, this.#run.consumed).filter(
      ({ abortOnFail, after }) => abortOnFail && elapsedMs >= after,
    );
    if (due.length === 0 || this.#seconds % EVERY_SECONDS !== 0 || this.#run.phase !== 'send') return [];
    const failed = judgeThresholds(due, measuredOf(this.#run)).filter(({ holds }) => holds === false);
    const reasons = failed.map((report) => `ended early: ${failureText(report)}`);
    this.reasons.push(...reasons);
    return reasons;
  }
}
