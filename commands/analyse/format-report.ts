import type { Analysis, Changes, MoveAnalysis, ShownFinding } from '../../src/analyse/index.ts';
import { shortList } from '../../src/model/short-list.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { formatFields } from '../term/table.ts';
import { printable, wrap } from '../term/text.ts';
import { type FactRow, factRows, percent } from './fact-text.ts';
import { forecastRows } from './forecast-text.ts';
import { formatChanges } from './format-changes.ts';
import { formatTypes } from './format-types.ts';

/** What is shown of an analysis. */
export interface Shown {
  analysis: Analysis;
  changes?: Changes;
  byType: boolean;
}

/** An analysis as a person reads it on a terminal: facts, forecasts, findings and the verdict last. */
export function formatReport(output: Output, { analysis, changes, byType }: Shown): string {
  const { server, moves, findings } = analysis;
  const sections = [
    ...moves.flatMap((move) => moveSections(output, move, byType)),
    ...(server ? [section(output, `Redis ${server.label}`, factRows(server))] : []),
    ...(findings.length > 0 ? [findings.map((finding) => findingText(output, finding)).join('')] : []),
    ...(changes ? [formatChanges(output, changes)] : []),
    `${verdictText(output, analysis)}\n`,
  ];
  return sections.join('\n');
}

function moveSections(output: Output, move: MoveAnalysis, byType: boolean): string[] {
  const { source, target, forecast, types, order, notCarried } = move;
  const sections: string[] = [];
  if (source) sections.push(section(output, `Source ${source.label}`, sourceRows(move, byType)));
  if (target)
    sections.push(section(output, `Stream ${target.stream}`, [...factRows(target), ...orderRows(order)]));
  if (forecast) sections.push(section(output, `Forecast for ${move.name}`, forecastRows(forecast)));
  if (types && byType)
    sections.push(`${heading(output, 'Types, in the order to move them')}${formatTypes(output, types)}`);
  if (notCarried.length > 0) sections.push(`${heading(output, 'Not carried')}${lines(output, notCarried)}`);
  return sections;
}

function sourceRows({ source, types }: MoveAnalysis, byType: boolean): FactRow[] {
  const rows = source ? factRows(source) : [];
  if (!types || byType) return rows;
  const named = types.map(
    ({ type, share }) => `${type ?? '(none)'}${share === null ? '' : ` ${percent(share)}`}`,
  );
  return [...rows, ['types', shortList(named)]];
}

function orderRows(order: MoveAnalysis['order']): FactRow[] {
  if (!order) return [];
  const { keys, sampled, keyed, hottest, fullestShare, partitions, evenUpTo } = order;
  const spread = partitions > 1 ? `; the fullest partition gets ${percent(fullestShare)}` : '';
  const hot = hottest ? `, the most frequent has ${percent(hottest.share)}` : '';
  const text =
    keyed === 0
      ? `no message has a key${spread}`
      : `${keys} keys in ${sampled} sampled${hot}${spread}; even up to ${evenUpTo} partitions`;
  return [['order', text]];
}

/** A list with a dash before each. */
function lines(output: Output, texts: readonly string[]): string {
  return texts
    .map((text) => `- ${wrap(printable(text), output.columns - 2).replaceAll('\n', '\n  ')}\n`)
    .join('');
}

function section(output: Output, title: string, rows: FactRow[]): string {
  return `${heading(output, title)}${rows.length > 0 ? formatFields(output, rows) : ''}`;
}

function heading(output: Output, text: string): string {
  return `${colourOf(output).underline(printable(text))}\n`;
}

/** One finding: level and code, what, why, and what to do. */
export function findingText(output: Output, { level, code, about, what, why, remedy }: ShownFinding): string {
  const colour = colourOf(output);
  const paint = { blocker: colour.red, warning: colour.yellow, note: colour.dim }[level];
  const indented = (text: string) =>
    `  ${wrap(printable(text), output.columns - 2).replaceAll('\n', '\n  ')}\n`;
  const head = `${paint(level)} ${colour.bold(code)} ${printable(about)}\n`;
  return `${head}${indented(what)}${indented(`why: ${why}`)}${remedy === null ? '' : indented(`-> ${remedy}`)}`;
}

function verdictText(output: Output, analysis: Analysis): string {
  const colour = colourOf(output);
  const paint = { blocked: colour.red, warnings: colour.yellow, ready: colour.green }[analysis.verdict];
  const [word, counts] = verdictWords(analysis);
  return `${paint(word)}: ${counts}`;
}

/** `not ready` and `1 blocker, 2 warnings, 0 notes`. */
export function verdictWords({
  verdict,
  blockers,
  warnings,
  notes,
}: Analysis): [word: string, counts: string] {
  const word = { blocked: 'not ready', warnings: 'ready, with warnings', ready: 'ready' }[verdict];
  const counts = [counted(blockers, 'blocker'), counted(warnings, 'warning'), counted(notes, 'note')];
  return [word, counts.join(', ')];
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
