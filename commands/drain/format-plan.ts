import type { DrainPlan } from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Finding } from '../../src/model/finding.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { formatFields } from '../term/table.ts';
import { printable } from '../term/text.ts';

const KINDS = { new: 'a new run', continue: 'goes on where it stopped', join: 'joins the processes at work' };

/** The plan as a person reads it. */
export function formatPlan(output: Output, plan: DrainPlan): string {
  const fields = formatFields(output, [
    ['run', `${plan.run} (${KINDS[plan.kind]})`],
    ['source', plan.source],
    [
      'target',
      `${plan.target} stream ${plan.stream}${plan.partitions > 1 ? ` in ${plan.partitions} partitions` : ''}`,
    ],
    ['mode', `${plan.mode}: ${plan.settles}`],
    ['to drain', depthText(plan)],
    ['durability', plan.durability],
    ['workers', `${plan.workers}, ${plan.batch} messages a batch`],
  ]);
  return `${fields}${plan.findings.map((finding) => formatFinding(output, finding)).join('')}`;
}

function depthText({ depth, estimatedBytes }: DrainPlan): string {
  const parts = [
    depth.ready === null
      ? 'unknown'
      : `${group(depth.ready)} messages${estimatedBytes ? `, about ${formatBytes(estimatedBytes)}` : ''}`,
  ];
  if (depth.inFlight) parts.push(`${group(depth.inFlight)} in flight with other consumers`);
  if (depth.delayed) parts.push(`${group(depth.delayed)} delayed`);
  return parts.join(', ');
}

/** One finding with what to do about it. */
export function formatFinding(output: Output, finding: Finding): string {
  const colour = colourOf(output);
  const paint = { blocker: colour.red, warning: colour.yellow, note: colour.dim }[finding.level];
  const remedy = finding.remedy ? `\n  ${colour.dim('->')} ${printable(finding.remedy)}` : '';
  return `${paint(finding.level)} ${printable(finding.text)}${remedy}\n`;
}

/** One line that holds everything: done, rate, remaining, ETA, and why it waits. */
export function progressLine(snapshot: DrainSnapshot): string {
  const parts = [`${group(snapshot.read)} drained`];
  if (snapshot.remaining !== null) parts.push(`${group(snapshot.remaining)} left`);
  parts.push(`${group(snapshot.ratePerSecond)}/s`);
  if (snapshot.etaMs !== null && snapshot.remaining) parts.push(`ETA ${formatDuration(snapshot.etaMs)}`);
  if (snapshot.duplicatesSuppressed > 0)
    parts.push(`${group(snapshot.duplicatesSuppressed)} duplicates suppressed`);
  if (snapshot.quarantined > 0) parts.push(`${group(snapshot.quarantined)} quarantined`);
  if (snapshot.waitingFor) parts.push(`waiting for ${snapshot.waitingFor}`);
  return parts.join(' · ');
}

/** 1234567 as 1,234,567. */
export function group(n: number): string {
  return String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ',');
}
