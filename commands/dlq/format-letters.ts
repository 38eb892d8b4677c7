import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Field } from '../../src/model/entry.ts';
import { type DeadLetter, originalFields } from '../../src/streams/index.ts';
import { formatEntryFields } from '../term/entry.ts';
import type { Output } from '../term/io.ts';
import { type CellValue, type Column, formatFields, formatTable } from '../term/table.ts';

/** A dead letter as it is shown. */
export interface ShownLetter extends DeadLetter {
  /** Since it died; null where nobody knows. */
  ageMs: number | null;
  /** All of the entry; null where they were not asked for. */
  fields: Field[] | null;
}

/** A line for each dead letter. */
export function formatLetters(output: Output, letters: readonly ShownLetter[]): string {
  const several = new Set(letters.map(({ stream }) => stream)).size > 1;
  const columns: Column<ShownLetter>[] = [
    { head: 'ID', value: (row) => row.id, whole: true },
    ...(several ? [{ head: 'DEAD-LETTERS', value: (row: ShownLetter) => row.stream }] : []),
    { head: 'AGE', value: (row) => ageText(row.ageMs), align: 'right' },
    { head: 'REASON', value: (row) => row.reason },
    { head: 'STREAM', value: (row) => row.originalStream },
    { head: 'GROUP', value: (row) => row.group },
    { head: 'CONSUMER', value: (row) => row.consumer },
    { head: 'DELIVERIES', value: (row) => row.deliveries, align: 'right' },
    { head: 'TYPE', value: (row) => row.messageType },
    { head: 'SIZE', value: (row) => formatBytes(row.payloadBytes), align: 'right' },
  ];
  return formatTable(output, columns, letters);
}

/** Each dead letter with all that is known of it, and its original fields. */
export function formatBodies(output: Output, letters: readonly ShownLetter[]): string {
  return letters.map((letter) => formatLetter(output, letter)).join('\n');
}

function formatLetter(output: Output, letter: ShownLetter): string {
  const lines: [string, CellValue][] = [
    ['id', letter.id],
    ['in', letter.stream],
    ['reason', letter.reason],
    ['died', letter.deadAt === null ? null : `${letter.deadAt}, ${ageText(letter.ageMs)} ago`],
    ['stream', letter.originalStream],
    ['original id', letter.originalId],
    ['group', letter.group],
    ['consumer', letter.consumer],
    ['deliveries', letter.deliveries],
    ['first seen', letter.firstSeenAt],
    ['last delivered', letter.lastDeliveredAt],
    ['size', formatBytes(letter.payloadBytes)],
  ];
  const known = lines.filter(([, value]) => value !== null);
  return formatFields(output, known) + formatEntryFields(output, originalFields(letter.fields ?? []));
}

function ageText(ms: number | null): string | null {
  return ms === null ? null : formatDuration(ms);
}
