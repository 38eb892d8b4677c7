import { formatDuration } from '../../src/model/duration.ts';
import type { ImportPlan, ImportReport } from '../../src/streams/index.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type Column, formatTable } from '../term/table.ts';
import { printable } from '../term/text.ts';

/** What an import would append, by stream. */
export function formatImportPlan(output: Output, { file, streams }: ImportPlan): string {
  if (streams.length === 0) return emptyText(file);
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
export function formatImportReport(output: Output, report: ImportReport): string {
  const { file, streams, failure } = report;
  if (streams.length === 0 && failure === null) return emptyText(file);
  type Row = ImportReport['streams'][number];
  const columns: Column<Row>[] = [
    { head: 'STREAM', value: (row) => row.stream },
    { head: 'LINES', value: (row) => grouped(row.entries), align: 'right' },
    { head: 'IMPORTED-BEFORE', value: (row) => grouped(row.importedBefore), align: 'right' },
    { head: 'APPENDED', value: (row) => grouped(row.appended), align: 'right' },
    { head: 'LENGTH', value: lengthText, align: 'right' },
  ];
  return `${formatTable(output, columns, streams)}${endText(report)}\n`;
}

function endText({ entries, appended, importedBefore, stopped, failure, elapsedMs }: ImportReport): string {
  if (failure !== null)
    return `failed with ${grouped(importedBefore + appended)} of ${grouped(entries)} lines there; the same command goes on`;
  if (stopped) return 'stopped before the end; the same command goes on';
  return `done in ${formatDuration(elapsedMs)}`;
}

function emptyText(file: string): string {
  return `${printable(file)} holds no dead letters\n`;
}

function lengthText({ lengthBefore, lengthNow }: ImportReport['streams'][number]): string {
  return `${grouped(lengthBefore)} -> ${lengthNow === null ? 'unknown' : grouped(lengthNow)}`;
}
