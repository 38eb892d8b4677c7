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
    ...describedRows(plan),
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
    ...rowsOf([
      ['ends', endText(plan)],
      ['settings', settingsText(plan)],
      ['paused', plan.paused && heldText(plan.paused)],
    ]),
  ]);
  return `${fields}${plan.findings.map((finding) => formatFinding(output, finding)).join('')}`;
}

/** Those that there is something to say of. */
export function rowsOf(rows: [string, string | null][]): [string, string | null][] {
  return rows.filter(([, value]) => value !== null);
}

function endText({ follow, enqueuedBefore }: DrainPlan): string | null {
  if (follow) return 'never by itself: it follows the source';
  return enqueuedBefore && `when nothing is left that was enqueued before ${enqueuedBefore}`;
}

/** Rate and brakes; what was set for the run with who did it. Null where there are none. */
function settingsText({ settings, overrides }: DrainPlan): string | null {
  const shown = Object.entries(settings)
    .filter(([name]) => name !== 'batch' || overrides.some(({ setting }) => setting === name))
    .map(([name, value]) => {
      const override = overrides.find(({ setting }) => setting === name);
      return `${name}=${value}${override ? ` (set for the run by ${override.by})` : ''}`;
    });
  const lifted = overrides
    .filter(({ setting }) => !(setting in settings))
    .map(({ setting, by }) => `no ${setting} (lifted for the run by ${by})`);
  return [...shown, ...lifted].join(', ') || null;
}

/** `by ann@host since 2026-11-21T09:04:46Z: index rebuild` */
export function heldText({
  by,
  since,
  reason,
}: {
  by: string;
  since: string;
  reason: string | null;
}): string {
  return `by ${by} since ${since.slice(0, 19)}Z${reason ? `: ${reason}` : ''}`;
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

/** How the operator's own table was understood. */
function describedRows({ described }: DrainPlan): [string, string][] {
  if (!described) return [];
  const { ready, rows, order, key, fields } = described;
  const about = rows === null ? '' : `about ${grouped(rows)}`;
  const columns = Object.entries(fields).map(([field, column]) => `${field} ${column}`);
  return [
    ['rows', ready === null ? `all${about && ` of ${about}`}` : `${ready}${about && `, of ${about}`}`],
    ['order', `${order.join(', ')}${key === null ? '' : `; kept within ${key}`}`],
    ['columns', columns.join(', ')],
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
  if (depth.unevaluated) parts.push(`${grouped(depth.unevaluated.count)} not evaluated`);
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
  if (snapshot.reappended > 0) parts.push(`${grouped(snapshot.reappended)} lost by Redis and appended again`);
  if (snapshot.passedOver > 0) parts.push(`${grouped(snapshot.passedOver)} stay`);
  if (snapshot.receivers && snapshot.receivers.min < snapshot.receivers.max)
    parts.push(`${snapshot.receivers.active} receivers (${snapshot.receivers.why})`);
  if (snapshot.scheduled > 0) parts.push(`${grouped(snapshot.scheduled)} scheduled for later`);
  if (snapshot.state === 'following') parts.push('following');
  if (snapshot.paused) parts.push(`paused ${heldText(snapshot.paused)}`);
  if (snapshot.brakes.length > 0)
    parts.push(`braked: ${snapshot.brakes.map(({ brake, reason }) => `${brake}: ${reason}`).join('; ')}`);
  if (snapshot.waitingFor) parts.push(`waiting for ${snapshot.waitingFor}`);
  return parts.join(' · ');
}
