import { formatDuration } from '../../src/model/duration.ts';
import type { DeadLetterSummary, ReasonCount } from '../../src/streams/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type Column, formatTable } from '../term/table.ts';

/** One line of the table: a reason of a stream, an empty stream, or the sum of all. */
interface Row extends Pick<ReasonCount, 'entries' | 'ages' | 'oldestAgeMs' | 'newestAgeMs'> {
  kind: 'reason' | 'total';
  stream: string;
  reason: string | null;
  share: number | null;
}

/** Dead letters by stream, reason and age, and their sum. */
export function formatSummaries(output: Output, summaries: readonly DeadLetterSummary[]): string {
  const rows = summaries.flatMap(rowsOf);
  if (rows.length > 1) rows.push(totalOf(summaries));
  const colour = colourOf(output);
  const columns: Column<Row>[] = [
    {
      head: 'STREAM',
      value: (row) => row.stream,
      style: (text, row) => (row.kind === 'total' ? colour.bold(text) : text),
    },
    { head: 'REASON', value: (row) => row.reason },
    count('ENTRIES', (row) => row.entries),
    { head: 'SHARE', value: (row) => shareText(row.share), align: 'right' },
    count('<1H', (row) => row.ages.underHour),
    count('<1D', (row) => row.ages.underDay),
    count('<7D', (row) => row.ages.underWeek),
    count('OLDER', (row) => row.ages.older),
    ...(rows.some((row) => row.ages.unknown > 0) ? [count('NO-TIME', (row) => row.ages.unknown)] : []),
    { head: 'OLDEST', value: (row) => ageText(row.oldestAgeMs), align: 'right' },
    { head: 'NEWEST', value: (row) => ageText(row.newestAgeMs), align: 'right' },
  ];
  return formatTable(output, columns, rows);
}

function count(head: string, value: (row: Row) => number): Column<Row> {
  return { head, value: (row) => grouped(value(row)), align: 'right' };
}

function rowsOf({ stream, reasons, ...all }: DeadLetterSummary): Row[] {
  if (reasons.length === 0) return [{ kind: 'reason', stream, reason: null, share: null, ...all }];
  return reasons.map(({ otherReasons, reason, ...own }) => ({
    kind: 'reason',
    stream,
    reason: otherReasons > 0 ? `other (${grouped(otherReasons)} reasons)` : reason,
    ...own,
  }));
}

function totalOf(summaries: readonly DeadLetterSummary[]): Row {
  const sum = (of: (summary: DeadLetterSummary) => number): number =>
    summaries.reduce((all, summary) => all + of(summary), 0);
  const known = summaries.filter(({ oldestAgeMs }) => oldestAgeMs !== null);
  return {
    kind: 'total',
    stream: 'total',
    reason: null,
    share: null,
    entries: sum(({ entries }) => entries),
    ages: {
      underHour: sum(({ ages }) => ages.underHour),
      underDay: sum(({ ages }) => ages.underDay),
      underWeek: sum(({ ages }) => ages.underWeek),
      older: sum(({ ages }) => ages.older),
      unknown: sum(({ ages }) => ages.unknown),
    },
    oldestAgeMs: known.length === 0 ? null : Math.max(...known.map(({ oldestAgeMs }) => oldestAgeMs!)),
    newestAgeMs: known.length === 0 ? null : Math.min(...known.map(({ newestAgeMs }) => newestAgeMs!)),
  };
}

function shareText(share: number | null): string | null {
  if (share === null) return null;
  if (share > 0 && share < 0.01) return '<1%';
  return share === 1 ? '100%' : `${Math.min(99, Math.round(share * 100))}%`;
}

function ageText(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}
