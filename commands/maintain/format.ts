import { dueText, type MovedReport } from '../../src/streams/index.ts';
import type { Output } from '../term/io.ts';
import { formatNdjson } from '../term/ndjson.ts';
import { grouped } from '../term/number.ts';
import { formatTable } from '../term/table.ts';
import { printable } from '../term/text.ts';

/** What one task has done to one stream, as JSON has it. */
export interface Maintained extends Omit<MovedReport, 'nextDueMs' | 'nowMs' | 'failure'> {
  /** What was done: `scheduled` moves messages that are due. */
  task: 'scheduled';
  nextDueAt: string | null;
  failure: string | null;
}

export function toMaintained({ nextDueMs, nowMs: _, failure, ...report }: MovedReport): Maintained {
  return { task: 'scheduled', ...report, nextDueAt: dueText(nextDueMs), failure: failure?.message ?? null };
}

/** A row for each stream: what was moved, what still waits, and until when. */
export function formatMaintained(output: Output, rows: readonly Maintained[]): string {
  return formatTable(
    output,
    [
      { head: 'STREAM', value: (row) => row.stream, whole: true },
      { head: 'MOVED', value: movedText, align: 'right' },
      { head: 'WAITING', value: waitingText, align: 'right' },
      { head: 'NEXT-DUE', value: (row) => row.nextDueAt, whole: true },
    ],
    rows,
  );
}

function movedText({ moved, lost, failure }: Maintained): string {
  const parts = [grouped(moved)];
  if (lost > 0) parts.push(`${grouped(lost)} lost`);
  if (failure !== null) parts.push('failed');
  return parts.join(', ');
}

function waitingText({ waitingBefore, waiting }: Maintained): string | null {
  if (waitingBefore === null || waiting === null) return null;
  return waitingBefore === waiting ? grouped(waiting) : `${grouped(waitingBefore)} -> ${grouped(waiting)}`;
}

/** A line for each stream that something was moved into, for whoever follows. */
export function formatLine(asJson: boolean, row: Maintained, at: Date): string {
  if (asJson) return formatNdjson({ type: 'maintained', at: at.toISOString(), ...row });
  const next = row.nextDueAt === null ? '' : `, the next due at ${row.nextDueAt}`;
  const line = `${at.toISOString()} ${row.stream}: ${movedText(row)} moved, ${waitingText(row)} waiting${next}`;
  return `${printable(line)}\n`;
}
