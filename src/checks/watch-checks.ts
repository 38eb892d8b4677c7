import type { CheckSpec, CheckSummary, Measure, Measurement, Reaction } from './check.ts';
import { sleepUnless } from './wait.ts';
import { type CheckReaction, CheckWatch } from './watch-one.ts';

/** What a watch tells while it goes on. */
export type WatchEvent =
  | { type: 'measured'; measurement: Measurement }
  /** A check that only warns has passed its limit; told once for each check. */
  | { type: 'warned'; check: string; why: string };

/** How {@link watchChecks} watches. */
export interface WatchOptions {
  /** How long; null: until the signal, or until every check has reached its count. */
  forMs: number | null;
  /** By the name of the check; absent or null: there is none. */
  baselines?: Readonly<Record<string, number | null>>;
  /** Ends it at once: a measurement under way counts for nothing. */
  signal: AbortSignal;
  /** Ends it in good order: no measurement begins any more, and the one under way is waited for and counts. */
  over?: AbortSignal;
  on?(event: WatchEvent): void;
}

/** How a watch ended. */
export interface WatchOutcome {
  /** `stopped`: by a signal, and nothing reacted so far. */
  outcome: 'passed' | 'reacted' | 'stopped';
  /** The check that reacted, and what it asks for. */
  check?: string;
  reaction?: Exclude<Reaction, 'warn'>;
  why?: string;
  /** When the measurement that decided was made, RFC 3339. */
  at?: string;
  summaries: CheckSummary[];
}

/**
 * Watches checks, all at once and each by its own interval, until one of them reacts or the time is over. Then every
 * check that counts, and whose delay lies within the time, must have passed once at least: no data is never a pass.
 */
export async function watchChecks(
  specs: readonly CheckSpec[],
  measure: Measure,
  options: WatchOptions,
): Promise<WatchOutcome> {
  const { forMs, signal, over, on = () => undefined } = options;
  const watch = new Watch(specs, measure, { ...options, on });
  signal.addEventListener('abort', watch.end);
  over?.addEventListener('abort', watch.beOver);
  if (signal.aborted) watch.end();
  if (over?.aborted) watch.beOver();
  try {
    await watch.run(forMs);
  } finally {
    signal.removeEventListener('abort', watch.end);
    over?.removeEventListener('abort', watch.beOver);
    watch.end();
  }
  const { first, summaries } = watch;
  if (first) return { outcome: 'reacted', ...first, summaries };
  if (signal.aborted || over?.aborted) return { outcome: 'stopped', summaries };
  return { ...withoutPass(watch.all, forMs, on), summaries };
}

type Reacted = CheckReaction & { reaction: 'rollback' | 'pause' };

/** All checks under watch, and what ends them. */
class Watch {
  readonly all: readonly CheckWatch[];
  /** What ended it. */
  first: Reacted | undefined;
  readonly #over = new AbortController();
  readonly #stop = new AbortController();

  constructor(
    specs: readonly CheckSpec[],
    measure: Measure,
    { baselines = {}, on }: WatchOptions & { on: (event: WatchEvent) => void },
  ) {
    this.all = specs.map(
      (spec) =>
        new CheckWatch(spec, {
          measure,
          baseline: baselines[spec.name] ?? null,
          measured: (measurement) => on({ type: 'measured', measurement }),
          reacted: (reaction) => this.#reacted(reaction, on),
          over: this.#over.signal,
          stop: this.#stop.signal,
        }),
    );
  }

  get summaries(): CheckSummary[] {
    return this.all.map(({ summary }) => summary);
  }

  /** Checks that reach their count do not make the time shorter. */
  async run(forMs: number | null): Promise<void> {
    const lasting = forMs === null ? undefined : sleepUnless(this.#over.signal, forMs);
    const time = lasting?.then(() => this.#over.abort());
    await Promise.all([time, ...this.all.map((one) => one.run())]);
  }

  /** After what is under way. */
  readonly beOver = (): void => this.#over.abort();

  /** At once. */
  readonly end = (): void => {
    this.#stop.abort();
    this.#over.abort();
  };

  #reacted(reaction: CheckReaction, on: (event: WatchEvent) => void): void {
    if (reaction.reaction === 'warn') {
      on({ type: 'warned', check: reaction.check, why: reaction.why });
    } else if (!this.first) {
      this.first = reaction as Reacted;
      this.end();
    }
  }
}

/** Of several that never passed the first is named. */
function withoutPass(
  watches: readonly CheckWatch[],
  forMs: number | null,
  on: (event: WatchEvent) => void,
): Omit<WatchOutcome, 'summaries'> {
  for (const { spec, summary, hasReacted } of watches) {
    const fits = forMs === null || spec.initialDelayMs < forMs;
    if (spec.dryRun || summary.passed > 0 || !fits || hasReacted) continue;
    const { name: check, onFailure } = spec;
    const { why, at } = lastOf(summary);
    if (onFailure !== 'warn') return { outcome: 'reacted', check, reaction: 'pause', why, at };
    on({ type: 'warned', check, why });
  }
  return { outcome: 'passed' };
}

function lastOf({ last, failed }: CheckSummary): { why: string; at: string } {
  const newest = last.at(-1);
  const what = failed > 0 ? 'it never passed' : 'it never had data';
  return {
    why: newest ? `${what}: ${newest.why}` : what,
    at: newest?.at ?? new Date().toISOString(),
  };
}
