import type { Measured } from '../measures.ts';
import type { LoadResult } from '../result.ts';
import type { LoadRun } from './load-run.ts';

/** What a run has measured so far. While it sends, its rates are those until now, and nothing is known to be lost. */
export function measuredOf(run: LoadRun): Measured {
  const { kind, label, version, name, groups } = run.parts.target;
  const latency = run.meter.latencies();
  return {
    target: { kind, label, name, version, groups: run.consumed ? groups : 0 },
    counts: { ...run.tally.counts(run.emptied), ...(run.phase === 'send' && { lost: null }) },
    rates: ratesOf(run, latency),
    latency,
    backend: run.timeline.backend(),
  };
}

/** Of what was due after the warm-up; what is done in the drain is no rate. */
function ratesOf(run: LoadRun, latency: LoadResult['latency']): LoadResult['rates'] {
  const { warm } = run.marks;
  const { arrivals, profile } = run.parts;
  const untilMs = Math.min(
    run.marks.scheduled ?? run.elapsedMs,
    arrivals?.durationMs ?? Number.POSITIVE_INFINITY,
  );
  const spanMs = untilMs - profile.warmupMs;
  if (!warm || spanMs <= 0) return { wanted: null, sent: null, reached: null, processed: null };
  const rate = (count: number) => (count * 1000) / spanMs;
  const { counts } = run.marks.sent ?? { counts: run.tally.counts(false) };
  return {
    wanted: arrivals && rate(arrivals.dueBefore(untilMs) - arrivals.dueBefore(profile.warmupMs)),
    sent: rate((latency.schedule?.count ?? 0) - (counts.dropped - warm.counts.dropped)),
    reached: ((latency.enqueue?.count ?? 0) * 1000) / confirmingMs(run, spanMs, latency),
    processed: run.consumed ? rate(counts.processed - warm.counts.processed) : null,
  };
}

/** What may be late for no reason but that it was sent last, and while it runs, what is on its way. */
const GRACE_PART = 0.01;
const GRACE_MS = 1000;

/**
 * How long the confirmations took, in ms: as long as the sending, or longer where they did not keep up. The usual time
 * of an answer is no reason to call a rate lower: the first answer came that much later, too.
 */
function confirmingMs(run: LoadRun, spanMs: number, { enqueue }: LoadResult['latency']): number {
  const answeredMs = run.lastConfirmedMs - run.parts.profile.warmupMs - (enqueue?.p50 ?? 0);
  if (run.phase === 'send') return Math.max(1, answeredMs, spanMs - GRACE_MS);
  return answeredMs <= spanMs * (1 + GRACE_PART) ? spanMs : answeredMs;
}
