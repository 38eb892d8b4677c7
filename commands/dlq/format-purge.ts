import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shortList } from '../../src/model/short-list.ts';
import type { PurgeReport } from '../../src/streams/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { printable } from '../term/text.ts';
import { lettersText } from './choice.ts';

/** What a purge would delete. */
export interface PurgePlan {
  chosen: number;
  payloadBytes: number;
  streams: {
    stream: string;
    entries: number;
    chosen: number;
    oldestDeadAt: string | null;
    newestDeadAt: string | null;
  }[];
  /** Of the ids asked for. */
  missingIds: string[];
  /** The command that keeps a copy of these; what it prints at its end deletes just that copy's. */
  exportFirst: string;
}

const SHOWN = 20;

/** The plan as a person reads it. */
export function formatPurgePlan(output: Output, plan: PurgePlan): string {
  const { chosen, payloadBytes, streams, missingIds, exportFirst } = plan;
  const fields: [string, CellValue][] = [
    ['to delete', `${lettersText(chosen)}, ${formatBytes(payloadBytes)}`],
    ...streams.slice(0, SHOWN).map((share): [string, string] => ['from', shareText(share)]),
  ];
  if (streams.length > SHOWN) fields.push(['and', `${grouped(streams.length - SHOWN)} more streams`]);
  if (missingIds.length > 0) fields.push(['not there', shortList(missingIds)]);
  const colour = colourOf(output);
  const what = 'keep a copy first, and delete with the command that it prints';
  const advice = chosen === 0 ? '' : `${colour.dim('note')} ${what}: ${printable(exportFirst)}\n`;
  return `${formatFields(output, fields)}${advice}`;
}

function shareText({
  stream,
  chosen,
  entries,
  oldestDeadAt,
  newestDeadAt,
}: PurgePlan['streams'][number]): string {
  const count = `${stream}: ${grouped(chosen)} of ${grouped(entries)}`;
  return oldestDeadAt === null ? count : `${count}, died ${oldestDeadAt} to ${newestDeadAt}`;
}

/** What was done. */
export function formatPurgeReport(output: Output, report: PurgeReport): string {
  const { purged, streams, gone, missing, left, stopped, elapsedMs } = report;
  const fields: [string, CellValue][] = [['deleted', grouped(purged)]];
  for (const one of streams.slice(0, SHOWN)) fields.push(['from', `${one.stream}: ${grouped(one.purged)}`]);
  if (gone > 0) fields.push(['gone meanwhile', `${grouped(gone)}, replayed or deleted by somebody else`]);
  if (missing > 0) fields.push(['not there', `${grouped(missing)} of the ids`]);
  fields.push(['left', grouped(left)]);
  if (stopped) fields.push(['stopped', 'before the end; the same command goes on']);
  fields.push(['time', formatDuration(elapsedMs)]);
  return formatFields(output, fields);
}
