import { formatDuration } from '../src/model/duration.ts';
import { shortList } from '../src/model/short-list.ts';
import type { ClaimPlan, ClaimReport, ClaimTarget } from '../src/streams/index.ts';
import type { Output } from './term/io.ts';
import { grouped, timesText } from './term/number.ts';
import { type Column, formatFields, formatTable } from './term/table.ts';

/** What a claim would do, as a person reads it. */
export function formatClaimPlan(output: Output, plan: ClaimPlan): string {
  return formatFields(output, [
    ['stream', plan.stream],
    ['group', `${plan.group}, ${grouped(plan.pending)} pending`],
    ['claim', claimText(plan)],
    ['for', plan.to && targetText(plan.to)],
    ['dead letters', deadText(plan)],
  ]);
}

function claimText({ claim, ids, minIdleMs, from }: ClaimPlan): string {
  const which =
    ids === null ? 'entries' : `${claim === null ? '' : 'of '}${grouped(ids)} chosen entries, where`;
  const of = from === null ? '' : ` of ${from}`;
  const count = claim === null ? '' : `${grouped(claim)} `;
  return `${count}${which}${of} idle for ${formatDuration(minIdleMs)} or longer`;
}

function targetText({ consumer, chosen, exists, idleMs }: ClaimTarget): string {
  const seen = idleMs === null ? '' : `seen ${formatDuration(idleMs)} ago`;
  const parts = [exists ? seen : 'does not exist yet'];
  if (chosen === 'latest') parts.push('the latest of its group');
  if (chosen === 'configured') parts.push('as configured');
  return `${consumer} (${parts.join(', ')})`;
}

function deadText({ deadLetter, deadLetterStream, maxDeliveries }: ClaimPlan): string {
  if (deadLetterStream === null) return 'none: no --max-deliveries, and none configured';
  const count = deadLetter === null ? '' : `${grouped(deadLetter)} `;
  return `${count}delivered ${timesText(maxDeliveries!)} or more, to ${deadLetterStream}`;
}

/** What was done: fields for one stream, a line a stream for several. */
export function formatClaimReports(output: Output, reports: readonly ClaimReport[]): string {
  if (reports.length === 1) return formatReport(output, reports[0]!);
  const outcome: Column<ClaimReport> = { head: 'OUTCOME', value: outcomeText, wrap: true };
  const ended = reports.every((report) => !report.stopped && !report.failure);
  return formatTable(
    output,
    [
      { head: 'STREAM', value: (row) => row.stream },
      { head: 'GROUP', value: (row) => row.group },
      { head: 'CLAIMED', value: (row) => grouped(row.claimed), align: 'right' },
      { head: 'FOR', value: (row) => row.to },
      { head: 'DEAD', value: (row) => grouped(row.deadLettered), align: 'right' },
      { head: 'REMOVED', value: (row) => grouped(row.removed), align: 'right' },
      { head: 'LEFT', value: (row) => leftText(row), align: 'right' },
      ...(ended ? [] : [outcome]),
    ],
    reports,
  );
}

function outcomeText({ stopped, failure }: ClaimReport): string {
  if (failure) return 'failed before the end';
  return stopped ? 'stopped before the end; the same command goes on' : 'done';
}

function formatReport(output: Output, report: ClaimReport): string {
  const fields: [string, string][] = [
    ['stream', `${report.stream} ${report.group}`],
    ['claimed', report.to === null ? '0' : `${grouped(report.claimed)} for ${report.to}`],
    [
      'dead letters',
      report.deadLetter === null ? '0' : `${grouped(report.deadLettered)} to ${report.deadLetter}`,
    ],
    ['removed', removedText(report)],
  ];
  if (report.kept > 0)
    fields.push(['kept', `${grouped(report.kept)} with too many fields: ${shortList(report.keptIds)}`]);
  if (report.tooYoung) fields.push(['left alone', `${grouped(report.tooYoung)} delivered too lately`]);
  if (report.notPending > 0) fields.push(['not pending', `${grouped(report.notPending)} of the ids`]);
  if (report.stopped) fields.push(['stopped', 'before the end; the same command goes on']);
  return formatFields(output, fields);
}

function removedText({ removed, removedIds }: ClaimReport): string {
  return removed === 0
    ? '0'
    : `${grouped(removed)} whose ${removed === 1 ? 'message was' : 'messages were'} trimmed away: ${shortList(removedIds)}`;
}

function leftText({ tooYoung, kept, stopped, failure }: ClaimReport): string | null {
  return tooYoung === null || stopped || failure ? null : grouped(tooYoung + kept);
}
