import type { FindMaxOptions, LoadPlan, LoadProgress, ProbeReport } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Context } from '../context.ts';
import { grouped } from '../term/number.ts';
import { createProgress } from '../term/progress.ts';
import { forecastText, rateText, timeText } from './max-words.ts';

type Attempt = Parameters<NonNullable<FindMaxOptions['onAttempt']>>[0];

/** What a search tells while it goes on. */
export interface FollowingSearch {
  plan(plan: LoadPlan): void;
  attempt(attempt: Attempt): void;
  progress(progress: LoadProgress): void;
  probe(report: ProbeReport): void;
  stop(): void;
}

/** A line that moves, and one that stays for each rate that was tried; with `-o ndjson` events. */
export function followSearch(context: Context, search: FindMaxOptions): FollowingSearch {
  const progress = createProgress(context.io, context.options);
  let current: Attempt | undefined;
  let planned = false;
  return {
    plan({ target }) {
      if (planned) return;
      planned = true;
      const where = `${target.kind} ${target.label}, ${target.own ? 'each time in a place of its own' : target.name}`;
      progress.note(
        `${where}: from ${rateText(search.startRate)} up to ${rateText(search.maxRate)}, ${forecastText(search)}`,
      );
    },
    attempt: (attempt) => {
      current = attempt;
    },
    progress: (state) => {
      if (current) progress.update(runningText(current, state), eventOf(current, state));
    },
    probe: (report) => progress.note(probeLine(report)),
    stop: () => progress.stop(),
  };
}

function runningText({ rate, durationMs }: Attempt, { elapsedMs, soFar, backlog }: LoadProgress): string {
  const p99 = soFar ? `, p99 ${timeText(soFar.p99)}` : '';
  const long = `${formatDuration(Math.min(elapsedMs, durationMs))} of ${formatDuration(durationMs)}`;
  return `${rateText(rate)}: ${long}${p99}, backlog ${grouped(backlog)}`;
}

function eventOf(attempt: Attempt, { run, elapsedMs, soFar, backlog }: LoadProgress): object {
  return { ...attempt, run, elapsedMs, soFar, backlog };
}

function probeLine({ phase, rate, ok, reached, p99, lag, why }: ProbeReport): string {
  const held = phase === 'hold' ? ' held' : '';
  const numbers = `${reached === null ? '-' : rateText(reached)} reached, p99 ${timeText(p99)}, lag ${lag === null ? '-' : grouped(lag)}`;
  return `${rateText(rate)}${held}: ${ok ? 'good' : 'not good'} (${numbers})${ok ? '' : `: ${why.join(', ')}`}`;
}
