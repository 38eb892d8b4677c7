import { BRAKES, type RunStatus } from '../../src/drain/index.ts';
import { counter, type Family, formatFamilies, gauge, type Sample } from '../term/prometheus.ts';

/** What is counted of a run, from its beginning, by all of its processes. */
const COUNTERS = [
  ['read', 'messages_read', 'Messages that were read from the source.'],
  ['appended', 'messages_appended', 'Messages that were brought to the target.'],
  ['duplicatesSuppressed', 'duplicates_suppressed', 'Messages that stood in the target already.'],
  ['settled', 'messages_settled', 'Messages that the source has let go of.'],
  ['quarantined', 'messages_quarantined', 'Messages that were set aside because they do not fit.'],
  ['reappended', 'messages_reappended', 'Messages that the target had lost and that were appended again.'],
  ['payloadBytes', 'payload_bytes', 'Bytes of the bodies that were brought there.'],
] as const satisfies (readonly [keyof RunStatus, string, string])[];

/** What is the case now; what is not known is left out. */
const GAUGES = [
  ['open', 'open_messages', 'Messages that were brought there and are not settled yet.'],
  ['waiting', 'scheduled_messages', 'Messages that wait for their time.'],
  ['remaining', 'remaining_messages', 'Messages that are left in the source, as the processes last said.'],
  ['ratePerSecond', 'messages_per_second', 'Messages a second over the last seconds.'],
  ['processes', 'processes', 'Processes that are at work.'],
] as const satisfies (readonly [keyof RunStatus, string, string])[];

/**
 * Runs as metrics. Why a run stands still is told by the name of the brake: the sentence, which changes
 * with each look, would be a new series each time.
 */
export function formatRunMetrics(runs: RunStatus[]): string {
  return formatFamilies([
    ...COUNTERS.map(([field, name, help]) =>
      counter(`qctl_drain_${name}_total`, help, samplesOf(runs, field)),
    ),
    ...GAUGES.map(([field, name, help]) => gauge(`qctl_drain_${name}`, help, samplesOf(runs, field))),
    gauge(
      'qctl_drain_state',
      'The state that the run is in.',
      runs.map((run) => ({ labels: { ...labelsOf(run), state: run.state }, value: 1 })),
    ),
    gauge('qctl_drain_held', '1 where this holds the run: a brake, or a pause.', runs.flatMap(heldBy)),
    gauge(
      'qctl_drain_waits',
      'Servers and locks that the processes of the run wait for.',
      runs.map((run) => ({ labels: labelsOf(run), value: run.waits.length })),
    ),
    lastSeen(runs),
  ]);
}

function samplesOf(runs: RunStatus[], field: (typeof COUNTERS | typeof GAUGES)[number][0]): Sample[] {
  return runs.flatMap((run) => {
    const value = run[field];
    return value === null ? [] : [{ labels: labelsOf(run), value }];
  });
}

function heldBy(run: RunStatus): Sample[] {
  const held = new Set(run.brakes.map(({ brake }) => brake));
  if (run.paused) held.add('paused');
  return [...BRAKES, 'paused'].map((reason) => ({
    labels: { ...labelsOf(run), reason },
    value: held.has(reason) ? 1 : 0,
  }));
}

function lastSeen(runs: RunStatus[]): Family {
  const samples = runs.flatMap((run) =>
    run.lastSeenAt === null ? [] : [{ labels: labelsOf(run), value: Date.parse(run.lastSeenAt) / 1000 }],
  );
  return gauge('qctl_drain_last_seen_timestamp_seconds', 'Last sign of life of a process.', samples);
}

function labelsOf({ run, mode, source, stream }: RunStatus): Record<string, string> {
  return { run, mode, source, stream };
}
