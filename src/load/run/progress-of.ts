import type { LoadProgress } from '../run-types.ts';
import type { LoadRun } from './load-run.ts';

/** How a run stands. */
export function progressOf(run: LoadRun): LoadProgress {
  const { profile, arrivals } = run.parts;
  const elapsedMs = run.elapsedMs;
  const sending = run.phase === 'send';
  const endMs = arrivals?.durationMs ?? profile.durationMs;
  return {
    run: run.parts.run,
    phase: !sending ? 'drain' : elapsedMs < profile.warmupMs ? 'warmup' : 'measure',
    elapsedMs,
    leftMs: sending && endMs !== null ? Math.max(0, endMs - elapsedMs) : null,
    planned: arrivals?.total ?? profile.count,
    counts: run.tally.counts(run.emptied),
    last: run.timeline.seconds.at(-1) ?? null,
    soFar: run.meter.soFar('endToEnd') ?? run.meter.soFar('enqueue'),
    backlog: run.tally.unprocessed,
  };
}
