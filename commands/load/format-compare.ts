import {
  type ConditionResult,
  differenceText,
  type LoadComparison,
  type MeasureChange,
} from '../../src/load/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import type { Result } from '../term/render.ts';
import { type Column, formatFields, formatTable } from '../term/table.ts';
import { printable, wrapLines } from '../term/text.ts';
import { cells, shownMeasures, sideText, testText, verdictText } from './compare-words.ts';
import { formatCompareJunit } from './format-compare-junit.ts';
import { formatCompareMarkdown } from './format-compare-markdown.ts';

/** From this width there is room for the chance, and for the interval as well. */
const WITH_P = 72;
const WITH_INTERVAL = 100;

/** A comparison of load runs in all the ways in which it can be printed. */
export function renderComparison(output: Output, comparison: LoadComparison): Result {
  return {
    type: 'load-comparison',
    data: comparison,
    table: () => formatComparison(output, comparison),
    markdown: () => formatCompareMarkdown(comparison),
    junit: () => formatCompareJunit(comparison),
  };
}

function formatComparison(output: Output, comparison: LoadComparison): string {
  const { base, candidate, differences, conditions, notes } = comparison;
  const head = formatFields(output, [
    ['base', sideText(base)],
    ['candidate', sideText(candidate)],
    ...differences.map(
      (one) => [one.name === 'target' ? 'compared' : 'differs', differenceText(one)] as const,
    ),
    ['tested', testText(comparison)],
  ]);
  const parts = [head, formatTable(output, columnsFor(output), shownMeasures(comparison))];
  if (conditions.length > 0)
    parts.push(section(output, 'Conditions', conditions.map(conditionLine).join('')));
  if (notes.length > 0)
    parts.push(wrapLines(notes.map((note) => `note: ${printable(note)}\n`).join(''), output.columns));
  return `${parts.join('\n')}\n${verdictLine(output, comparison)}`;
}

function columnsFor(output: Output): Column<MeasureChange>[] {
  const { columns } = output;
  const colour = colourOf(output);
  const paint = { worse: colour.red, better: colour.green } as Record<string, (text: string) => string>;
  return [
    { head: 'MEASURE', value: ({ name }) => name, whole: true },
    { head: 'BASE', value: cells.base, align: 'right' },
    { head: 'CANDIDATE', value: cells.candidate, align: 'right' },
    { head: 'CHANGE', value: cells.change, align: 'right' },
    ...(columns >= WITH_INTERVAL
      ? [{ head: '95%-INTERVAL', value: cells.interval, align: 'right' as const }]
      : []),
    ...(columns >= WITH_P ? [{ head: 'P', value: cells.p, align: 'right' as const }] : []),
    {
      head: 'RESULT',
      value: cells.outcome,
      style: (text, { outcome }) => (paint[outcome ?? ''] ?? String)(text),
    },
  ];
}

const MARKS: Record<ConditionResult['outcome'], string> = {
  passed: 'ok          ',
  failed: 'failed      ',
  inconclusive: 'inconclusive',
};

function conditionLine({ outcome, text, why }: ConditionResult): string {
  return `${MARKS[outcome]} ${printable(text)}: ${printable(why)}\n`;
}

function verdictLine(output: Output, comparison: LoadComparison): string {
  const colour = colourOf(output);
  const { verdict } = comparison;
  const paint = verdict === 'failed' ? colour.red : verdict === 'inconclusive' ? colour.yellow : colour.green;
  return wrapLines(`${paint(verdictText(comparison))}\n`, output.columns);
}

function section(output: Output, title: string, text: string): string {
  return `${colourOf(output).underline(title)}\n${wrapLines(text, output.columns)}`;
}
