import { type DrainReport, type Handover, unevaluatedText } from '../../src/drain/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { formatFinding } from '../term/finding.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { heldText } from './format-plan.ts';
import { formatNext, formatNotes, formatVerdict } from './format-verdict.ts';
import { ALONE, durabilityRow, type Telling } from './telling.ts';

/** The proof as a person reads it. The verdict stands last, where the eye is. */
export function formatReport(output: Output, report: DrainReport, telling: Telling = ALONE): string {
  const fields = [...countRows(report), ...proofRows(report), ...aroundRows(report, telling)];
  const verdict = formatVerdict(output, report, why(report));
  const next = formatNext(output, nextSteps(report, telling));
  return `${formatFields(output, fields)}${formatNotes(output, report, telling)}${warning(output, report)}${verdict}${next}`;
}

type Rows = [string, CellValue][];

function countRows(report: DrainReport): Rows {
  const rows: Rows = [
    ['run', `${report.run} (${report.state})`],
    ['source', report.source],
    ['target', `${report.target} stream ${report.stream}`],
    ['read', grouped(report.read)],
    ['appended', grouped(report.appended)],
    ...scheduled(report),
    ['duplicates suppressed', grouped(report.duplicatesSuppressed)],
    ['settled', report.mode === 'copy' ? 'not asked for: copy mode' : grouped(report.settled)],
    ['quarantined', grouped(report.quarantined)],
  ];
  if (report.reappended > 0)
    rows.push(['appended again', `${grouped(report.reappended)} that the target had lost`]);
  rows.push(['remaining', remaining(report)]);
  return rows;
}

/** What a look at both sides has shown. */
function proofRows(report: DrainReport): Rows {
  const rows: Rows = [];
  if (report.entries !== null)
    rows.push([
      report.read === 0 ? 'entries of this run' : 'in the stream',
      `${grouped(report.entries)}${report.gone ? `, ${grouped(report.gone)} gone since` : ''}`,
    ]);
  if (report.digest)
    rows.push([
      'digest',
      report.digest.equal
        ? `${report.digest.source} on both sides`
        : `${report.digest.source} in the source, ${report.digest.target} in the stream`,
    ]);
  for (const [what, ids, count] of differing(report))
    rows.push([what, `${grouped(count)}: ${ids.join(', ')}${count > ids.length ? ', …' : ''}`]);
  return rows;
}

/** What else stands somewhere because of the run, who holds it, and how long it took. */
function aroundRows(report: DrainReport, telling: Telling): Rows {
  const rows: Rows = [];
  if (report.archive)
    rows.push([
      'archive',
      `${report.archive.file}, ${grouped(report.archive.messages)} written by this process`,
    ]);
  if (report.handover) rows.push(['handover', handoverText(report.handover)]);
  if (report.paused) rows.push(['paused', heldText(report.paused)]);
  if (report.stopped) rows.push(['stopped', heldText(report.stopped)]);
  for (const stream of report.quarantineStreams) rows.push(['quarantine', stream]);
  rows.push(...durabilityRow(telling));
  if (report.elapsedMs !== null) rows.push(['time', timeText(report, report.elapsedMs)]);
  return rows;
}

/** The rate is that of the work: a run also waits for the last confirmations, looks whether more comes, and verifies. */
function timeText({ readByThisProcess, workMs, ratePerSecond }: DrainReport, elapsedMs: number): string {
  const whole = formatDuration(elapsedMs);
  if (!readByThisProcess || workMs === null || !ratePerSecond) return whole;
  return `${whole}; ${grouped(readByThisProcess)} read in ${formatDuration(workMs)}, ${grouped(ratePerSecond)}/s`;
}

/** A run that was cut short goes on by itself when it is called again, which nobody can know who has not read it. */
function nextSteps({ state, ending, remaining }: DrainReport, { quiet, next }: Telling): readonly string[] {
  if (quiet) return [];
  if (state === 'done') return next;
  const short = state === 'stopped' && (ending === 'signal' || ending === 'limit' || ending === 'until');
  return short && remaining !== 0 ? ['the same command continues this run'] : [];
}

/** What may have been meant and was not taken. */
function warning(output: Output, { unevaluated }: DrainReport): string {
  if (!unevaluated) return '';
  return formatFinding(output, {
    level: 'warning',
    code: 'FILTER_NOT_EVALUATED',
    text: unevaluatedText(unevaluated),
  });
}

function handoverText({ enqueuedBefore, lastId, lastEnqueuedAt, entry }: Handover): string {
  const parts = enqueuedBefore === null ? [] : [`what was enqueued before ${enqueuedBefore}`];
  if (lastId !== null)
    parts.push(`last id ${lastId}${lastEnqueuedAt === null ? '' : ` of ${lastEnqueuedAt}`}`);
  parts.push(...Object.entries(entry).map(([stream, id]) => `${stream} up to ${id}`));
  return parts.join(', ');
}

function why(report: DrainReport): string {
  if (report.read === 0 && remainsNothing(report)) return `nothing was to be done: ${nothingThere(report)}`;
  const what = { limit: 'everything up to the limit', until: 'everything up to the time' };
  const all = what[report.ending as keyof typeof what] ?? everything(report);
  const how =
    report.entries === null ? ', by the counts kept with every append; the stream was not read again' : '';
  const where =
    report.waiting > 0 ? 'stands in the stream, or waits until it is due,' : 'stands in the stream';
  return `${all} ${where} exactly once${how}`;
}

/** Nothing to take, and nothing that a boundary, a filter or others have kept from being taken. */
function remainsNothing({ remaining, ending, ...report }: DrainReport): boolean {
  return (
    remaining === 0 &&
    ending !== 'limit' &&
    ending !== 'until' &&
    everything({ remaining, ending, ...report }) === ALL
  );
}

function nothingThere({ source }: DrainReport): string {
  return source.startsWith('postgres') ? 'no row matches' : 'the source holds no message';
}

/** What was not due when it was taken; nothing where there was none. */
export function scheduled(report: { scheduled: number; waiting: number }): [string, string][] {
  if (report.scheduled === 0) return [];
  return [['scheduled', `${grouped(report.scheduled)}, ${grouped(report.waiting)} still waiting`]];
}

const ALL = 'everything in the source';

/** What was in the source for this run; others may have had their part, and some may have been left on purpose. */
function everything({ sourceChanges, passedOver, handover, ...report }: DrainReport): string {
  if (Object.values(passedOver ?? {}).some((count) => count > 0) || report.unmatched || report.unevaluated)
    return 'everything that was asked for';
  if (handover?.enqueuedBefore) return `everything enqueued before ${handover.enqueuedBefore}`;
  const others = sourceChanges.some(({ code }) => code !== 'RETENTION');
  return others ? 'everything that was left to this run' : ALL;
}

function remaining(report: DrainReport): string {
  const parts = [report.remaining === null ? 'unknown' : grouped(report.remaining)];
  if (report.inFlight) parts.push(`${grouped(report.inFlight)} in flight`);
  if (report.unmatched) parts.push(`${grouped(report.unmatched)} left by --filter`);
  if (report.unevaluated) parts.push(`${grouped(report.unevaluated.count)} not evaluated`);
  if (report.delayed) parts.push(`${grouped(report.delayed)} delayed`);
  return parts.join(', ');
}

function differing({ differing: d }: DrainReport): [string, string[], number][] {
  const all: [string, string[], number][] = [
    ['missing', d.missing, d.missingCount],
    ['doubled', d.doubled, d.doubledCount],
    ['unexpected', d.unexpected, d.unexpectedCount],
    ['altered', d.altered, d.alteredCount],
  ];
  return all.filter(([, , count]) => count > 0);
}
