import { formatBytes } from '../../src/model/bytes.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { shortList } from '../../src/model/short-list.ts';
import type { ReplayPlan, ReplayReport } from '../../src/streams/index.ts';
import { formatFinding } from '../term/finding.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { type CellValue, formatFields } from '../term/table.ts';
import { lettersText } from './choice.ts';

const SHOWN = 20;

/** What would go where, and what speaks against it. */
export function formatReplayPlan(output: Output, plan: ReplayPlan): string {
  const { sources, targets, chosen, payloadBytes, ratePerSecond, findings } = plan;
  const fields: [string, CellValue][] = [
    ['to replay', `${lettersText(chosen)}, ${formatBytes(payloadBytes)}`],
    ...some(sources).map((source): [string, string] => [
      'from',
      `${source.stream}: ${grouped(source.chosen)} of ${grouped(source.entries)}`,
    ]),
    ...some(targets).map((target): [string, string] => [
      'to',
      `${target.stream ?? 'unknown'}: ${grouped(target.chosen)}`,
    ]),
  ];
  const hidden = sources.length + targets.length - some(sources).length - some(targets).length;
  if (hidden > 0) fields.push(['and', `${grouped(hidden)} more streams`]);
  if (ratePerSecond !== null) fields.push(['rate', rateText(ratePerSecond, chosen)]);
  return formatFields(output, fields) + findings.map((finding) => formatFinding(output, finding)).join('');
}

function some<T>(list: readonly T[]): readonly T[] {
  return list.slice(0, SHOWN);
}

function rateText(perSecond: number, chosen: number): string {
  const rate = perSecond < 1 ? perSecond.toPrecision(2) : grouped(perSecond);
  return `${rate}/s, which takes ${formatDuration((chosen / perSecond) * 1000)}`;
}

/** What was done. */
export function formatReplayReport(output: Output, report: ReplayReport): string {
  const { replayed, targets, gone, retryCountKept, tooManyFields, tooManyFieldsIds, missing, left } = report;
  const fields: [string, CellValue][] = [['replayed', grouped(replayed)]];
  for (const target of some(targets)) fields.push(['to', `${target.stream}: ${grouped(target.replayed)}`]);
  if (targets.length > SHOWN) fields.push(['and', `${grouped(targets.length - SHOWN)} more streams`]);
  if (gone > 0) fields.push(['gone meanwhile', `${grouped(gone)}, replayed or deleted by somebody else`]);
  if (retryCountKept > 0)
    fields.push(['retry counter', `left as it was in ${grouped(retryCountKept)}: it is no number there`]);
  if (tooManyFields > 0)
    fields.push([
      'too many fields',
      `${grouped(tooManyFields)}, still there: ${shortList(tooManyFieldsIds)}`,
    ]);
  if (missing > 0) fields.push(['not there', `${grouped(missing)} of the ids`]);
  fields.push(['left', grouped(left)]);
  if (report.stopped) fields.push(['stopped', 'before the end; the same command goes on']);
  fields.push(['time', formatDuration(report.elapsedMs)]);
  return formatFields(output, fields);
}
