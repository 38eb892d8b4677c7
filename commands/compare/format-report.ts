import type { Comparison, FieldReport, SampledRecord, ThresholdResult } from '../../src/compare/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { formatFields, formatTable } from '../term/table.ts';
import { printable, wrapLines } from '../term/text.ts';
import {
  behindText,
  countRows,
  fieldState,
  kindsText,
  noisePairsText,
  placeText,
  SIDE_FACTS,
  shareText,
  verdictText,
} from './words.ts';

const MOST_FIELDS = 30;

/** A comparison as a person reads it: both sides, the counts, fields, records, conditions, the verdict last. */
export function formatReport(output: Output, comparison: Comparison, dedupe: boolean): string {
  const { fields, sample, doubled, thresholds, fieldsLeftOut } = comparison;
  const sections = [formatSides(output, comparison), formatFields(output, countRows(comparison))];
  const behind = behindText(comparison);
  if (behind) sections.push(formatFields(output, [['new behind old', behind]]));
  const noise = noisePairsText(comparison);
  if (noise) sections.push(formatFields(output, [['noise from', noise]]));
  if (fields.length > 0) sections.push(formatFieldTable(output, fields, fieldsLeftOut));
  if (sample.length > 0) sections.push(section(output, 'Sample', sample.map(recordText).join('')));
  if (dedupe) sections.push(formatDoubled(output, doubled));
  if (thresholds.length > 0)
    sections.push(section(output, 'Conditions', thresholds.map(thresholdLine).join('')));
  sections.push(formatVerdict(output, comparison));
  return sections.join('\n');
}

function formatSides(output: Output, { old, new: fresh, old2 }: Comparison): string {
  const inputs = formatFields(output, [
    ['old', old.input],
    ['new', fresh.input],
    ...(old2 ? [['old2', old2.input] as const] : []),
  ]);
  const rows = SIDE_FACTS.map(([name, text]) => ({
    name,
    old: text(old),
    new: text(fresh),
    old2: old2 && text(old2),
  }));
  const known = rows.filter((row) => [row.old, row.new, row.old2].some((text) => text !== null));
  const table = formatTable(
    output,
    [
      { head: 'SIDE', value: ({ name }) => name },
      { head: 'OLD', value: (row) => row.old, align: 'right' },
      { head: 'NEW', value: (row) => row.new, align: 'right' },
      ...(old2
        ? [{ head: 'OLD2', value: (row: (typeof rows)[0]) => row.old2, align: 'right' as const }]
        : []),
    ],
    known,
  );
  return `${inputs}\n${table}`;
}

function formatFieldTable(output: Output, fields: readonly FieldReport[], leftOut: number): string {
  const noise = fields.some(({ noiseShare }) => noiseShare !== null);
  const table = formatTable<FieldReport>(
    output,
    [
      { head: 'FIELD', value: ({ field }) => field },
      { head: 'DIFFERS', value: ({ differing }) => grouped(differing), align: 'right' },
      { head: 'SHARE', value: ({ share }) => shareText(share), align: 'right' },
      ...(noise
        ? [
            {
              head: 'NOISE',
              value: ({ noiseShare }: FieldReport) => shareText(noiseShare),
              align: 'right' as const,
            },
          ]
        : []),
      { head: 'IGNORED', value: ({ ignored }) => grouped(ignored), align: 'right' },
      { head: 'STATE', value: fieldState },
      { head: 'HOW', value: kindsText },
    ],
    fields.slice(0, MOST_FIELDS),
  );
  const more = fields.length > MOST_FIELDS || leftOut > 0;
  return more
    ? `${table}further fields: ${fields.length - Math.min(fields.length, MOST_FIELDS)} in -o json${leftOut > 0 ? '; there were too many to tell them all apart' : ''}\n`
    : table;
}

function recordText(record: SampledRecord): string {
  const { outcome, key, why, differences } = record;
  const head = [outcome, key, placeText(record) && `(${placeText(record)})`].filter(Boolean).join(' ');
  const lines = differences.map(
    ({ path, kind, old, new: fresh }) =>
      `  ${printable(`${path}: ${kind}, ${[old, fresh].map((value) => value ?? 'nothing').join(' -> ')}`)}\n`,
  );
  return `${printable(head)}${why === null ? '' : `: ${printable(why)}`}\n${lines.join('')}`;
}

function formatDoubled(output: Output, doubled: Comparison['doubled']): string {
  if (doubled.length === 0) return 'no key is doubled\n';
  return formatTable(
    output,
    [
      { head: 'DOUBLED', value: ({ key }) => key },
      { head: 'OLD', value: ({ old }) => old, align: 'right' },
      { head: 'NEW', value: ({ new: fresh }) => fresh, align: 'right' },
    ],
    doubled,
  );
}

function thresholdLine({ rule, text, holds, ok }: ThresholdResult): string {
  const wanted = rule === 'failOn' ? 'must not hold' : 'must hold';
  const known = holds === null ? 'is not known' : holds ? 'holds' : 'does not hold';
  return `${ok ? 'ok    ' : 'failed'} ${printable(text)} ${known}, ${wanted}\n`;
}

function formatVerdict(output: Output, comparison: Comparison): string {
  const { verdict } = comparison;
  const colour = colourOf(output);
  const paint = verdict === 'same' ? colour.green : verdict === 'different' ? colour.yellow : colour.red;
  return `${paint(wrapLines(verdictText(comparison), output.columns))}\n`;
}

function section(output: Output, title: string, text: string): string {
  return `${colourOf(output).underline(title)}\n${wrapLines(text, output.columns)}`;
}
