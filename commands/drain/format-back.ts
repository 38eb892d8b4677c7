import type { BackPlan, BackReport } from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shortList } from '../../src/model/short-list.ts';
import { formatFinding } from '../term/finding.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { printable, wrapLines } from '../term/text.ts';
import { formatNotes, formatVerdict } from './format-verdict.ts';
import { ALONE, durabilityRow, type Telling } from './telling.ts';

const KINDS = { new: 'a new run', continue: 'goes on where it stopped', join: 'joins the processes at work' };

/** The plan as a person reads it. */
export function formatBackPlan(output: Output, plan: BackPlan): string {
  const fields: [string, CellValue][] = [
    ['run', `${plan.run} (${KINDS[plan.kind]})`],
    ['from', `${plan.source}${plan.partitions > 1 ? ` in ${plan.partitions} partitions` : ''}`],
    ['back to', plan.target],
    ['goes back', goesText(plan)],
    ['stays', staysText(plan)],
    ['guarantee', plan.promise],
    ['durability', plan.durability],
  ];
  if (plan.sample.looked > 0)
    fields.push(['recognised', `${plan.sample.recognised} of ${plan.sample.looked} entries looked at`]);
  return `${formatFields(output, fields)}${plan.findings.map((finding) => formatFinding(output, finding)).join('')}`;
}

function goesText({ pending, undelivered, waiting, from }: BackPlan): string {
  const parts = [`${known(pending)} pending`, `${known(undelivered)} not delivered`];
  if (waiting > 0 && from === null) parts.push(`${grouped(waiting)} not due yet`);
  return parts.join(', ');
}

function staysText({ finished, from, before, waiting }: BackPlan): string {
  const parts = [`${known(finished)} finished by consumers`];
  if (from !== null)
    parts.push(
      `${grouped(before.pending)} pending and ${known(before.undelivered)} not delivered before ${from}`,
    );
  if (from !== null && waiting > 0) parts.push(`${grouped(waiting)} not due yet`);
  return parts.join(', ');
}

function known(count: number | null): string {
  return count === null ? 'more than a million' : grouped(count);
}

/** One line that holds everything: done, rate, remaining, ETA, and why it waits. */
export function backProgressLine(snapshot: DrainSnapshot): string {
  const parts = [`${grouped(snapshot.appended)} returned`];
  if (snapshot.remaining !== null) parts.push(`${grouped(snapshot.remaining)} left`);
  parts.push(`${grouped(snapshot.ratePerSecond)}/s`);
  if (snapshot.etaMs !== null && snapshot.remaining) parts.push(`ETA ${formatDuration(snapshot.etaMs)}`);
  if (snapshot.duplicatesSuppressed > 0)
    parts.push(`${grouped(snapshot.duplicatesSuppressed)} there already`);
  if (snapshot.quarantined > 0) parts.push(`${grouped(snapshot.quarantined)} cannot go back`);
  if (snapshot.waitingFor) parts.push(`waiting for ${snapshot.waitingFor}`);
  return parts.join(' · ');
}

/** The proof as a person reads it. The verdict stands last, where the eye is. */
export function formatBackReport(output: Output, report: BackReport, telling: Telling = ALONE): string {
  const fields: [string, CellValue][] = [
    ['run', `${report.run} (${report.state})`],
    ['from', report.source],
    ['back to', report.target],
    ['returned', grouped(report.returned)],
    ['there already', grouped(report.alreadyThere)],
    ['known before', grouped(report.knownBefore)],
    ['acknowledged', grouped(report.acknowledged)],
    ['finished by consumers', known(report.finished)],
    ['cannot go back', grouped(report.left)],
    ...optional(report),
  ];
  if (report.destinationCount !== null) fields.push(['in the ledger', grouped(report.destinationCount)]);
  fields.push(...durabilityRow(telling));
  if (report.elapsedMs !== null)
    fields.push([
      'time',
      `${formatDuration(report.elapsedMs)}${report.ratePerSecond ? `, ${grouped(report.ratePerSecond)}/s` : ''}`,
    ]);
  const left = report.leftEntries
    .slice(0, 10)
    .map(({ entry, reason }) => `${wrapLines(printable(`left ${entry}: ${reason}`), output.columns)}\n`)
    .join('');
  const verdict = formatVerdict(output, report, why(report));
  return `${formatFields(output, fields)}${left}${formatNotes(output, report, telling)}${verdict}`;
}

/** What is said only where there is some of it. */
function optional(report: BackReport): [string, CellValue][] {
  const all: [string, number, string][] = [
    ['not due, returned', report.unscheduled, ''],
    ['in hand', report.inHand, ''],
    ['set aside', report.parked, `before ${report.from}, pending with ${report.leftConsumer}`],
    ['gone', report.gone, `their entries were deleted while pending: ${shortList(report.goneIds)}`],
    ['may be doubled', report.doubtful, shortList(report.doubtfulEntries.map(({ entry }) => entry))],
    ['finished meanwhile', report.finishedMeanwhile.length, shortList(report.finishedMeanwhile)],
    ['claimed meanwhile', report.claimedMeanwhile.length, shortList(report.claimedMeanwhile)],
    ['of a run given up', report.inherited.length, shortList(report.inherited)],
  ];
  return all
    .filter(([, count]) => count > 0)
    .map(([name, count, text]) => [name, text === '' ? grouped(count) : `${grouped(count)}: ${text}`]);
}

function why({ ending, guarantee }: BackReport): string {
  const what =
    ending === 'limit' ? 'everything up to the limit' : 'everything that the group has not finished';
  const how =
    guarantee === 'exactly-once' ? 'exactly once' : 'at least once, and nothing is known to be doubled';
  return `${what} is back, ${how}, and acknowledged in the stream`;
}

const WORDS: Record<string, string> = {
  read: 'taken',
  appended: 'returned',
  'duplicates suppressed': 'there already',
  settled: 'acknowledged',
  open: 'in hand',
  quarantined: 'cannot go back',
};

/** The rows of a status as they fit a way back. */
export function inWordsOfBack(rows: readonly (readonly [string, CellValue])[]): [string, CellValue][] {
  return rows
    .filter(([name]) => name !== 'read')
    .map(([name, value]) => [WORDS[name] ?? name, CUT[name] ? String(value).replace(CUT[name], '') : value]);
}

/** What fits a drain alone: the bytes appended, and the stream behind the target. */
const CUT: Record<string, RegExp> = { appended: / \(.*/, target: / stream .*$/ };
