import type { Changes } from '../../src/analyse/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable, wrap } from '../term/text.ts';
import { valueAsText } from './fact-text.ts';

/** What has changed since an earlier analysis, a line each. */
export function formatChanges(output: Output, changes: Changes): string {
  const colour = colourOf(output);
  const lines = changeLines(changes);
  const title = colour.underline(`Changes since ${changes.since}`);
  return `${title}\n${lines.length === 0 ? 'none\n' : lines.map((line) => `${wrap(printable(line), output.columns - 2).replaceAll('\n', '\n  ')}\n`).join('')}`;
}

/** `+` what has appeared, `-` what is gone, `~` what is another. */
export function changeLines({ verdict, moves, appeared, gone, changed, facts }: Changes): string[] {
  return [
    ...(verdict.before === verdict.after ? [] : [`~ verdict: ${verdict.before} -> ${verdict.after}`]),
    ...moves.appeared.map((name) => `+ ${name} was not analysed before`),
    ...moves.gone.map((name) => `- ${name} is not analysed any more`),
    ...appeared.map(({ level, code, about, what }) => `+ ${level} ${code} ${about}: ${what}`),
    ...gone.map(({ level, code, about, what }) => `- ${level} ${code} ${about}: ${what}`),
    ...changed.map(
      ({ before, after }) => `~ ${after.level} ${after.code} ${after.about}: ${before.what} -> ${after.what}`,
    ),
    ...facts.map(({ fact, before, after }) => `~ ${fact}: ${shown(fact, before)} -> ${shown(fact, after)}`),
  ];
}

function shown(fact: string, value: unknown): string {
  if (value === null) return 'unknown';
  if (value === '') return 'none';
  const name = fact.slice(fact.lastIndexOf('.') + 1);
  return isPart(value) ? 'known' : (valueAsText(name, value) ?? 'unknown');
}

/** Of a whole part that was not looked at before, only that it is there: its values stand above. */
function isPart(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !('how' in value);
}
