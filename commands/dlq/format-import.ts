import { formatDuration } from '../../src/model/duration.ts';
import type { ImportPlan, ImportReport } from '../../src/streams/index.ts';
import { group as grouped } from '../drain/format-plan.ts';
import type { Output } from '../term/io.ts';
import { type Column, formatTable } from '../term/table.ts';

/** What an import would append, by stream. */
export function formatImportPlan(output: Output, { streams }: ImportPlan): string {
  type Row = ImportPlan['streams'][number];
  const columns: Column<Row>[] = [
    { head: 'STREAM', value: (row) => row.stream },
    { head: 'LINES', value: (row) => grouped(row.entries), align: 'right' },
    { head: 'IMPORTED-BEFORE', value: (row) => grouped(row.importedBefore), align: 'right' },
    { head: 'TO-APPEND', value: (row) => grouped(row.entries - row.importedBefore), align: 'right' },
    { head: 'LENGTH', value: (row) => grouped(row.lengthBefore), align: 'right' },
  ];
  return formatTable(output, columns, streams);
}

/** What was appended, by stream: prior length -> new one. */
export function formatImportReport(output: Output, { streams, elapsedMs, stopped }: ImportReport): string {
  type Row = ImportReport['streams'][number];
  const columns: Column<Row>[] = [
    { head: 'STREAM', value: (row) => row.stream },
    { head: 'LINES', value: (row) => grouped(row.entries), align: 'right' },
    { head: 'IMPORTED-BEFORE', value: (row) => grouped(row.importedBefore), align: 'right' },
    { head: 'APPENDED', value: (row) => grouped(row.appended), align: 'right' },
    { head: 'LENGTH', value: lengthText, align: 'right' },
  ];
  const end = stopped
    ? 'stopped before the end; the same command goes on'
    : `done in ${formatDuration(elapsedMs)}`;
  return `${formatTable(output, columns, streams)}${end}\n`;
}

function lengthText({ lengthBefore, lengthNow }: ImportReport['streams'][number]): string {
  return `${grouped(lengthBefore)} -> ${lengthNow === null ? 'unknown' : grouped(lengthNow)}`;
}
