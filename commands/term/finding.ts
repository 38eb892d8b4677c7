import type { Finding } from '../../src/model/finding.ts';
import { colourOf } from './colour.ts';
import type { Output } from './io.ts';
import { printable, wrap } from './text.ts';

/** One finding with what to do about it. The remedy is not broken into lines: what is copied from here goes into a shell. */
export function formatFinding(output: Output, finding: Finding): string {
  const colour = colourOf(output);
  const paint = { blocker: colour.red, warning: colour.yellow, note: colour.dim }[finding.level];
  const remedy = finding.remedy ? `\n  ${colour.dim('->')} ${printable(finding.remedy)}` : '';
  const [first = '', ...rest] = wrap(`${finding.level} ${printable(finding.text)}`, output.columns - 2).split(
    '\n',
  );
  const head = first.replace(finding.level, paint(finding.level));
  return `${[head, ...rest].join('\n  ')}${remedy}\n`;
}
