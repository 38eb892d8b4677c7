import type { Finding } from '../../src/model/finding.ts';
import { colourOf } from './colour.ts';
import type { Output } from './io.ts';
import { printable } from './text.ts';

/** One finding with what to do about it. */
export function formatFinding(output: Output, finding: Finding): string {
  const colour = colourOf(output);
  const paint = { blocker: colour.red, warning: colour.yellow, note: colour.dim }[finding.level];
  const remedy = finding.remedy ? `\n  ${colour.dim('->')} ${printable(finding.remedy)}` : '';
  return `${paint(finding.level)} ${printable(finding.text)}${remedy}\n`;
}
