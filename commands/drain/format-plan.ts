import type { DrainPlan } from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shortList } from '../../src/model/short-list.ts';
import { formatFinding } from '../term/finding.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { formatFields } from '../term/table.ts';

const KINDS = { new: 'a new run', continue: 'goes on where it stopped', join: 'joins the processes at work' };

/** The plan as a person reads it. */
export function formatPlan(output: Output, plan: DrainPlan): string {
  const fields = formatFields(output, [
    ['run', `${plan.run} (${KINDS[plan.kind]})`],
    ['source', plan.source],
    ...formatRows(plan),
    [
      'target',
      `${plan.target} stream ${plan.stream}${plan.partitions > 1 ? ` in ${plan.partitions} partitions` : ''}`,
    ],
    ['mode', `${plan.mode}: ${plan.settles}`],
    ['to drain', depthText(plan)],
    ...(plan.selects.length > 0
      ? [['only', `${plan.selects.join(', ')}; the rest stays in the source`] as [string, string]]
      : []),
    ['durability', plan.durability],
    ['workers', `${workersText(plan)}, ${plan.batch} messages a batch`],
    ...(plan.archive === null ? [] : [['archive', plan.archive] as const]),
  ]);
  return `${fields}${plan.findings.map((finding) => formatFinding(output, finding)).join('')}`;
}

/** What a job library's queue is, and who still works on it. */
function formatRows({ format }: DrainPlan): [string, string][] {
  if (!format) return [];
  const queues = format.queues.map(({ name, ready }) => `${name} (${grouped(ready)})`);
  const workers = format.workers.map(({ name, seenAt }) => `${name}${seenAt ? ` at ${seenAt}` : ''}`);
  return [
    ['format', `${format.title}, version ${format.version ?? 'unknown'}`],
    ['queues', shortList(queues) || 'none with ready messages'],
    ['workers alive', shortList(workers) || 'none to be seen'],
  ];
}

function workersText({ workers, receivers }: DrainPlan): string {
  if (!receivers || receivers.min === receivers.max) return String(workers);
  return `${receivers.min} to ${receivers.max} receivers, as many as help`;
}

function depthText({ depth, estimatedBytes }: DrainPlan): string {
  const parts = [
    depth.ready === null
      ? 'unknown'
      : `${grouped(depth.ready)} messages${estimatedBytes ? `, about ${formatBytes(estimatedBytes)}` : ''}`,
  ];
  if (depth.inFlight) parts.push(`${grouped(depth.inFlight)} in flight with other consumers`);
  if (depth.held) parts.push(`${grouped(depth.held)} claimed by this run already`);
  if (depth.unmatched) parts.push(`${grouped(depth.unmatched)} left by --filter`);
  if (depth.delayed) parts.push(`${grouped(depth.delayed)} delayed`);
  return parts.join(', ');
}

/** One line that holds everything: done, rate, remaining, ETA, and why it waits. */
export function progressLine(snapshot: DrainSnapshot): string {
  const parts = [`${grouped(snapshot.read)} drained`];
  if (snapshot.remaining !== null) parts.push(`${grouped(snapshot.remaining)} left`);
  parts.push(`${grouped(snapshot.ratePerSecond)}/s`);
  if (snapshot.etaMs !== null && snapshot.remaining) parts.push(`ETA ${formatDuration(snapshot.etaMs)}`);
  if (snapshot.duplicatesSuppressed > 0)
    parts.push(`${grouped(snapshot.duplicatesSuppressed)} duplicates suppressed`);
  if (snapshot.quarantined > 0) parts.push(`${grouped(snapshot.quarantined)} quarantined`);
  if (snapshot.passedOver > 0) parts.push(`${grouped(snapshot.passedOver)} stay`);
  if (snapshot.receivers && snapshot.receivers.min < snapshot.receivers.max)
    parts.push(`${snapshot.receivers.active} receivers (${snapshot.receivers.why})`);
  if (snapshot.scheduled > 0) parts.push(`${grouped(snapshot.scheduled)} scheduled for later`);
  if (snapshot.waitingFor) parts.push(`waiting for ${snapshot.waitingFor}`);
  return parts.join(' · ');
}
