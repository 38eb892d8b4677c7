import type { Expression } from '../../checks/index.ts';
import { type Attempt, judgeProbe } from './judge-probe.ts';
import type { Limit, LoadMax, Probed, ProbePhase, ProbeReport } from './types.ts';

/** How often a rate is held for longer, each time a little lower, before it is given up. */
export const MOST_HOLDS = 5;
/** What reaches less of its rate is not tried again: that is no hiccup. */
const HOPELESS = 0.9;

/** How to search. Rates are messages a second, times ms. */
export interface FindMaxOptions {
  slo: Expression;
  startRate: number;
  maxRate: number;
  stepMs: number;
  holdMs: number;
  /** How near to each other the last good and the first bad rate have to come: 0.05. */
  precision: number;
  /** Ends it with what is known so far. */
  signal: AbortSignal;
  /** Called before each run, and after it. */
  onAttempt?: (attempt: Attempt) => void;
  onProbe?: (report: ProbeReport) => void;
}

/**
 * One load run at a constant rate, over when everything is processed or given up: the next one begins with an empty
 * queue. Ends early, with what there is, where the signal of the search is aborted.
 */
export type Probe = (rate: number, durationMs: number) => Promise<Probed>;

/**
 * Finds the highest rate at which the objective holds: doubles it until it does not, then halves the gap between the last
 * good and the first bad rate (geometrically), and at last holds what it has found for longer; where that fails it goes
 * down by the precision and holds again. A run that fails is repeated once before it is believed. Rejects as `probe` does.
 */
export async function findMax(options: FindMaxOptions, probe: Probe): Promise<LoadMax> {
  const search = new Search(options, probe);
  try {
    await search.run();
  } catch (error) {
    if (error !== STOPPED) throw error;
    search.stop();
  }
  return search.result;
}

/** Thrown where the signal has ended a run: what that says is of no rate. */
const STOPPED = Symbol('stopped');

class Search {
  readonly result: LoadMax;
  readonly #options: FindMaxOptions;
  readonly #probe: Probe;
  #good: number | null = null;
  #bad: number | null = null;
  #limit: Limit | null = null;

  constructor(options: FindMaxOptions, probe: Probe) {
    this.#options = options;
    this.#probe = probe;
    const nothing = { rate: null, heldMs: 0, limitedBy: null, reasons: [], target: null, probes: [] };
    this.result = { verdict: 'none', slo: options.slo.text, ...nothing };
  }

  async run(): Promise<void> {
    await this.#climb();
    if (this.#good === null) {
      this.result.limitedBy = this.#limit;
      this.result.reasons.push(`not even ${rateText(this.#options.startRate)} holds`, ...this.#lastWhy());
      return;
    }
    await this.#narrow();
    await this.#hold(this.#good);
  }

  /** With what is known so far. */
  stop(): void {
    this.result.verdict = 'stopped';
    this.result.rate = this.#good;
    this.result.reasons.push('it was stopped before it had found out');
  }

  async #climb(): Promise<void> {
    const { startRate, maxRate } = this.#options;
    for (let rate = Math.min(startRate, maxRate); ; rate = Math.min(rate * 2, maxRate)) {
      if (!(await this.#step('double', rate))) return;
      if (rate < maxRate) continue;
      this.#limit = 'max';
      return;
    }
  }

  async #narrow(): Promise<void> {
    while (this.#bad !== null && this.#bad / this.#good! - 1 > this.#options.precision) {
      const middle = rounded(Math.sqrt(this.#good! * this.#bad));
      if (middle <= this.#good! || middle >= this.#bad) return;
      await this.#step('bisect', middle);
    }
  }

  async #hold(found: number): Promise<void> {
    const { holdMs, precision } = this.#options;
    const { reasons } = this.result;
    for (
      let [tries, rate] = [0, found];
      tries < MOST_HOLDS;
      tries += 1, rate = rounded(rate * (1 - precision))
    ) {
      const report = await this.#try({ phase: 'hold', rate, durationMs: holdMs });
      if (report.ok) {
        Object.assign(this.result, { verdict: 'found', rate, heldMs: holdMs, limitedBy: this.#limit });
        if (tries > 0)
          reasons.push(`${rateText(found)} was good in a short run, and did not hold for longer`);
        return;
      }
      this.#limit = report.limitedBy;
    }
    this.result.limitedBy = this.#limit;
    reasons.push(
      `no rate held for longer: ${MOST_HOLDS} were tried from ${rateText(found)} down`,
      ...this.#lastWhy(),
    );
  }

  /** Whether that rate is good; moves the bounds. */
  async #step(phase: ProbePhase, rate: number): Promise<boolean> {
    const report = await this.#try({ phase, rate, durationMs: this.#options.stepMs });
    if (report.ok) this.#good = rate;
    else {
      this.#bad = rate;
      this.#limit = report.limitedBy;
    }
    return report.ok;
  }

  /** A hiccup of a moment must not halve the result. */
  async #try(attempt: Attempt): Promise<ProbeReport> {
    const first = await this.#once(attempt);
    const hopeless = first.reached !== null && first.reached < attempt.rate * HOPELESS;
    return first.ok || hopeless ? first : this.#once(attempt);
  }

  async #once(attempt: Attempt): Promise<ProbeReport> {
    const { signal, slo, onAttempt, onProbe } = this.#options;
    if (signal.aborted) throw STOPPED;
    onAttempt?.(attempt);
    const probed = await this.#probe(attempt.rate, attempt.durationMs).catch((error: unknown) => {
      throw signal.aborted ? STOPPED : error;
    });
    if (signal.aborted) throw STOPPED;
    const report = judgeProbe(attempt, probed, slo);
    this.result.target = probed.target;
    this.result.probes.push(report);
    onProbe?.(report);
    return report;
  }

  #lastWhy(): string[] {
    return this.result.probes.at(-1)?.why ?? [];
  }
}

/** Three digits are more than a search can tell; small rates keep theirs. */
function rounded(rate: number): number {
  return rate >= 1000 ? Math.round(rate) : Number(rate.toPrecision(4));
}

function rateText(rate: number): string {
  return `${Number(rate.toPrecision(6))}/s`;
}
