import { differenceText, type LoadComparison } from '../../src/load/index.ts';
import { code, escaped } from '../analyse/format-markdown.ts';
import { cells, shownMeasures, sideText, testText, verdictText } from './compare-words.ts';

/** A comparison of load runs as a page: for a pull request, or the summary of a CI job. */
export function formatCompareMarkdown(comparison: LoadComparison): string {
  const { base, candidate, differences, conditions, notes } = comparison;
  const facts = [
    `- Base: ${code(sideText(base))}`,
    `- Candidate: ${code(sideText(candidate))}`,
    ...differences.map(
      (one) => `- ${one.name === 'target' ? 'Compared' : 'Differs'}: ${escaped(differenceText(one))}`,
    ),
    `- Tested: ${escaped(testText(comparison))}`,
  ];
  const rows = shownMeasures(comparison).map((one) => [
    one.name,
    ...[cells.base, cells.candidate, cells.change, cells.interval, cells.p, cells.outcome].map((cell) =>
      cell(one),
    ),
  ]);
  const parts = [
    `# Load comparison: ${verdictText(comparison)}`,
    facts.join('\n'),
    table(['measure', 'base', 'candidate', 'change', '95 % interval', 'p', 'result'], rows),
  ];
  if (conditions.length > 0) {
    const judged = conditions.map(({ outcome, text, why }) => [outcome, text, why]);
    parts.push(`## Conditions\n\n${table(['', 'condition', 'why'], judged)}`);
  }
  if (notes.length > 0) parts.push(notes.map((note) => `- Note: ${escaped(note)}`).join('\n'));
  return `${parts.join('\n\n')}\n`;
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (texts: readonly string[]) => `| ${texts.map(escaped).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}
