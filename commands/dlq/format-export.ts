import { formatBytes } from '../../src/model/bytes.ts';
import { shortList } from '../../src/model/short-list.ts';
import { MOST_IMPORT_FIELDS } from '../../src/streams/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { printable } from '../term/text.ts';
import { lettersText } from './choice.ts';

/** What was exported. */
export interface ExportReport {
  /** Null where it went to stdout. */
  file: string | null;
  exported: number;
  /** Null where no file was written. */
  fileBytes: number | null;
  /** True where there was nothing to export, and the file that stood there was left as it is. */
  kept: boolean;
  /** Those from which something was exported. */
  streams: {
    stream: string;
    exported: number;
    /** Of the last letter that was exported. */
    lastId: string;
    /**
     * The command that deletes what was exported, and nothing that died since; null where it would delete
     * what an import does not take back.
     */
    purge: string | null;
  }[];
  /** Of the ids asked for. */
  missingIds: string[];
  /** An import does not take them back. */
  tooManyFields: number;
  /** At most a thousand of them. */
  tooManyFieldsIds: string[];
}

const SHOWN = 20;

/** What was written, up to where, and how to delete just that. */
export function formatExportReport(output: Output, report: ExportReport): string {
  const { file, exported, fileBytes, kept, streams } = report;
  const fields: [string, CellValue][] = [['exported', lettersText(exported)]];
  if (kept) fields.push(['kept', `${file} as it was`]);
  else fields.push(['to', `${file}, ${formatBytes(fileBytes!)}`]);
  for (const { stream, lastId } of streams.slice(0, SHOWN))
    fields.push(['up to', streams.length > 1 ? `${lastId} in ${stream}` : lastId]);
  if (streams.length > SHOWN) fields.push(['and', `${grouped(streams.length - SHOWN)} more streams`]);
  const note = colourOf(output).dim('note');
  // Not wrapped: it is to be copied.
  const commands = streams
    .slice(0, SHOWN)
    .flatMap(({ purge }) => (purge === null ? [] : `${note} delete just these with: ${printable(purge)}\n`));
  return formatFields(output, fields) + commands.join('');
}

/** What an operator must know besides: a line for each, for stderr. */
export function exportNotes({ file, exported, missingIds, ...wide }: ExportReport): string[] {
  const notes: string[] = [];
  if (missingIds.length > 0)
    notes.push(`${grouped(missingIds.length)} of the ids are not there: ${shortList(missingIds)}`);
  if (wide.tooManyFields > 0)
    notes.push(
      `more fields than 'qctl dlq import' takes back (${grouped(MOST_IMPORT_FIELDS)}) are in ${grouped(wide.tooManyFields)} of them; do not purge ${shortList(wide.tooManyFieldsIds)}`,
    );
  if (file === null && exported === 0) notes.push('there is nothing to export');
  return notes;
}
