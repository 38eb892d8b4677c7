import { formatBytes } from '../src/model/bytes.ts';
import { formatDuration } from '../src/model/duration.ts';
import type { Bucket, PendingEntry, PendingReport } from '../src/streams/index.ts';
import { ageText } from './streams.ts';
import { formatEntryFields } from './term/entry.ts';
import type { Output } from './term/io.ts';
import { grouped } from './term/number.ts';
import { formatFields, formatTable } from './term/table.ts';

/** A pending entries list as a person reads it: totals, who holds what, the first entries. */
export function formatPending(output: Output, report: PendingReport): string {
  const parts = [formatTotals(output, report)];
  if (report.consumers.length > 0) parts.push(formatConsumers(output, report));
  if (report.entries.length > 0) parts.push(formatEntries(output, report.entries));
  return parts.join('\n');
}

function formatTotals(
  output: Output,
  { stream, group, pending, matching, idle, deliveries }: PendingReport,
): string {
  const fields: [string, string][] = [
    ['stream', stream],
    ['group', group],
    ['pending', grouped(pending)],
  ];
  if (matching !== pending) fields.push(['matching', grouped(matching)]);
  if (matching > 0)
    fields.push(['idle', spansOf(idle, idleSpan)], ['deliveries', spansOf(deliveries, countSpan)]);
  return formatFields(output, fields);
}

type Span = (above: number | null, atMost: number | null) => string;

/** `under 1m: 3, 1m to 5m: 12`; empty spans are left out. */
function spansOf(buckets: readonly Bucket[], span: Span): string {
  return buckets
    .map(({ atMost, count }, at) => ({ count, name: span(buckets[at - 1]?.atMost ?? null, atMost) }))
    .filter(({ count }) => count > 0)
    .map(({ name, count }) => `${name}: ${grouped(count)}`)
    .join(', ');
}

const idleSpan: Span = (above, atMost) => {
  if (above === null) return `under ${short(atMost!)}`;
  return atMost === null ? `over ${short(above)}` : `${short(above)} to ${short(atMost)}`;
};

/** 5m, where a duration otherwise says 5m00s. */
function short(ms: number): string {
  return formatDuration(ms).replace(/(?<=\D)(?:00[sm]|0h)$/, '');
}

const countSpan: Span = (above, atMost) => {
  if (atMost === null) return `over ${above}`;
  const least = (above ?? 0) + 1;
  return least === atMost ? String(atMost) : `${least} to ${atMost}`;
};

function formatConsumers(output: Output, { consumers }: PendingReport): string {
  return formatTable(
    output,
    [
      { head: 'CONSUMER', value: (row) => row.consumer, whole: true },
      { head: 'PENDING', value: (row) => grouped(row.pending), align: 'right' },
      { head: 'LAST-SEEN', value: (row) => formatDuration(row.idleMs), align: 'right' },
    ],
    consumers,
  );
}

/** A line each; where bodies were asked for, its fields below it. */
function formatEntries(output: Output, entries: readonly PendingEntry[]): string {
  const [head, ...lines] = formatLines(output, entries).trimEnd().split('\n');
  const blocks = lines.map((line, at) => {
    const { fields } = entries[at]!;
    return `${line}\n${fields ? formatEntryFields(output, fields) : ''}`;
  });
  return `${head}\n${blocks.join('')}`;
}

function formatLines(output: Output, entries: readonly PendingEntry[]): string {
  return formatTable(
    output,
    [
      { head: 'ID', value: (row) => row.id, whole: true },
      { head: 'AGE', value: (row) => ageText(row.ageMs), align: 'right' },
      { head: 'IDLE', value: (row) => formatDuration(row.idleMs), align: 'right' },
      { head: 'DELIVERIES', value: (row) => grouped(row.deliveries), align: 'right' },
      { head: 'CONSUMER', value: (row) => row.consumer },
      {
        head: 'MESSAGE',
        value: (row) => (row.gone ? 'trimmed away' : formatBytes(row.payloadBytes!)),
        align: 'right',
      },
    ],
    entries,
  );
}
