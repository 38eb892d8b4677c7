import type { Measured } from '../measures.ts';
import type { LoadResult } from '../result.ts';
import type { LoadRun, Mark } from './load-run.ts';

/** What a run has measured so far. While it sends, its rates are those until now, and nothing is known to be lost. */
export function measuredOf(run: LoadRun): Measured {
  const { kind, label, version, name, groups } = run.parts.target;
  return {
    target: { kind, label, name, version, groups: run.consumed ? groups : 0 },
    counts: { ...run.tally.counts(run.emptied), ...(run.phase === 'send' && { lost: null }) },
    rates: ratesOf(run),
    latency: run.meter.latencies(),
    backend: run.timeline.backend(),
  };
}

/** Between the warm-up and the end of sending, or now; what is done in the drain is no rate. */
function ratesOf(run: LoadRun): LoadResult['rates'] {
  const { warm, scheduled } = run.marks;
  const until: Mark = run.marks.sent ?? { atMs: run.elapsedMs, counts: run.tally.counts(false) };
  if (!warm || until.atMs <= warm.atMs) return { wanted: null, sent: null, reached: null, processed: null };
  const { arrivals } = run.parts;
  const rate = (count: number, toMs: number) => (count * 1000) / Math.max(1, toMs - warm.atMs);
  // The end is seen a moment later than it was.
  const sendingMs = Math.min(scheduled ?? until.atMs, arrivals?.durationMs ?? Number.POSITIVE_INFINITY);
  return {
    wanted: arrivals && rate(arrivals.dueBefore(sendingMs) - arrivals.dueBefore(warm.atMs), sendingMs),
    sent: rate(until.counts.sent - warm.counts.sent, sendingMs),
    // What was confirmed after the end of the schedule has taken that long.
    reached: rate(until.counts.confirmed - warm.counts.confirmed, Math.max(sendingMs, run.lastConfirmedMs)),
    processed: run.consumed ? rate(until.counts.processed - warm.counts.processed, until.atMs) : null,
  };
}
