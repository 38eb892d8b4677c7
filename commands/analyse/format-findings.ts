import type { Analysis, Level, ShownFinding } from '../../src/analyse/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable, visibleWidth, wrap } from '../term/text.ts';

/** Findings as paragraphs: level, code and what it is about; then what, why, and what to do. */
export function formatFindings(output: Output, findings: readonly ShownFinding[]): string {
  return findings.map((finding) => findingText(output, finding)).join('\n');
}

function findingText(output: Output, finding: ShownFinding): string {
  const { what, why, remedy } = finding;
  const indented = (text: string) =>
    `  ${wrap(printable(text), output.columns - 2).replaceAll('\n', '\n  ')}\n`;
  // Not broken into lines: what is copied from here goes into a shell.
  const todo = remedy === null ? '' : `  ${colourOf(output).bold('->')} ${printable(remedy)}\n`;
  return `${headText(output, finding)}${indented(what)}${indented(`why: ${why}`)}${todo}`;
}

/** What it is about goes to a line of its own where both do not fit into one. */
function headText(output: Output, { level, code, about }: ShownFinding): string {
  const colour = colourOf(output);
  const paint = { blocker: colour.red, warning: colour.yellow, note: colour.dim }[level];
  const fits = visibleWidth(`${level} ${code} ${printable(about)}`) <= output.columns;
  const place = wrap(printable(about), output.columns - 2).replaceAll('\n', '\n  ');
  return `${paint(level)} ${colour.bold(code)}${fits ? ` ${printable(about)}` : `\n  ${place}`}\n`;
}

/** The last line: whether it may start, and the names of what speaks against it. */
export function formatVerdict(output: Output, analysis: Analysis): string {
  const colour = colourOf(output);
  const paint = { blocked: colour.red, warnings: colour.yellow, ready: colour.green }[analysis.verdict];
  const [word, counts] = verdictWords(analysis);
  const codes = (level: Level) => {
    const own = analysis.findings.filter((finding) => finding.level === level);
    return own.length === 0 ? '' : `${level}: ${[...new Set(own.map(({ code }) => code))].join(', ')}\n`;
  };
  const named = wrapped(output, codes('blocker')) + wrapped(output, codes('warning'));
  return `${colour.bold(paint(word))}: ${counts}\n${named}`;
}

function wrapped(output: Output, line: string): string {
  return line === '' ? '' : `${wrap(line.trimEnd(), output.columns - 2).replaceAll('\n', '\n  ')}\n`;
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
