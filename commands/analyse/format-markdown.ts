import type { Changes, MoveAnalysis, ShownFinding } from '../../src/analyse/index.ts';
import { type FactRow, factRows } from './fact-text.ts';
import { forecastRows, orderRows } from './forecast-text.ts';
import { changeLines } from './format-changes.ts';
import { verdictWords } from './format-findings.ts';
import type { Shown } from './format-report.ts';
import { TYPE_COLUMNS } from './format-types.ts';

/** An analysis as a page: for a ticket, a wiki, or the summary of a CI job. */
export function formatMarkdown({ analysis, changes }: Pick<Shown, 'analysis' | 'changes'>): string {
  const parts = [
    `# Migration analysis: ${verdictWords(analysis).join(': ')}\n\nMade ${analysis.at}.`,
    findings(analysis.findings),
    ...(changes ? [changed(changes)] : []),
    ...analysis.moves.map(move),
    ...(analysis.server
      ? [`## Redis ${code(analysis.server.label)}\n\n${table(factRows(analysis.server))}`]
      : []),
  ];
  return `${parts.join('\n\n')}\n`;
}

function findings(all: readonly ShownFinding[]): string {
  if (all.length === 0) return '## Findings\n\nNone.';
  const blocks = all.map(({ level, code: name, about, what, why, remedy }) => {
    const todo = remedy === null ? '' : `\n- To do: ${escaped(remedy)}`;
    return `### ${level}: ${name}\n\n- About: ${code(about)}\n- What: ${escaped(what)}\n- Why it matters: ${escaped(why)}${todo}`;
  });
  return `## Findings\n\n${blocks.join('\n\n')}`;
}

function changed(changes: Changes): string {
  const lines = changeLines(changes).map((line) => `- ${escaped(line)}`);
  return `## Changes since ${changes.since}\n\n${lines.join('\n') || 'None.'}`;
}

function move({ name, source, target, forecast, types, order, notCarried }: MoveAnalysis): string {
  const parts = [
    `## ${escaped(name)}`,
    ...(source ? [`### Source ${code(source.label)}\n\n${table(factRows(source))}`] : []),
    ...(target
      ? [`### Stream ${code(target.stream)}\n\n${table([...factRows(target), ...orderRows(order)])}`]
      : []),
    ...(forecast ? [`### Forecast\n\n${table(forecastRows(forecast))}`] : []),
    ...(types ? [`### Types\n\n${typeTable(types)}`] : []),
    ...(notCarried.length > 0
      ? [`### Not carried\n\n${notCarried.map((text) => `- ${escaped(text)}`).join('\n')}`]
      : []),
  ];
  return parts.join('\n\n');
}

function table(rows: readonly FactRow[]): string {
  const body = rows.map(([name, text]) => `| ${escaped(name)} | ${escaped(text ?? '-')} |`);
  return ['| | |', '|---|---|', ...body].join('\n');
}

function typeTable(types: NonNullable<MoveAnalysis['types']>): string {
  const head = TYPE_COLUMNS.map((column) => column.head.toLowerCase());
  const body = types.map(
    (type) => `| ${TYPE_COLUMNS.map(({ value }) => escaped(String(value(type) ?? '-'))).join(' | ')} |`,
  );
  return [`| ${head.join(' | ')} |`, `|${'---|'.repeat(head.length)}`, ...body].join('\n');
}

/** Names come from servers: nothing of them may become markup. */
export function escaped(text: string): string {
  return text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/\s+/g, ' ');
}

/** Names and values as they are. */
export function code(text: string): string {
  return `\`${text.replaceAll('`', "'").replace(/\s+/g, ' ')}\``;
}
