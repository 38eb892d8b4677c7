import type { Changes } from '../../src/analyse/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { printable } from '../term/text.ts';

/** What has changed since an earlier analysis, a line each. */
export function formatChanges(output: Output, changes: Changes): string {
  const colour = colourOf(output);
  const lines = changeLines(changes);
  const title = colour.underline(`Changes since ${changes.since}`);
  return `${title}\n${lines.length === 0 ? 'none\n' : lines.map((line) => `${printable(line)}\n`).join('')}`;
}

/** `+` what has appeared, `-` what is gone, `~` what is another. */
export function changeLines({ verdict, appeared, gone, changed, facts }: Changes): string[] {
  return [
    ...(verdict.before === verdict.after ? [] : [`~ verdict: ${verdict.before} -> ${verdict.after}`]),
    ...appeared.map(({ level, code, about, what }) => `+ ${level} ${code} ${about}: ${what}`),
    ...gone.map(({ level, code, about, what }) => `- ${level} ${code} ${about}: ${what}`),
    ...changed.map(
      ({ before, after }) => `~ ${after.level} ${after.code} ${after.about}: ${before.what} -> ${after.what}`,
    ),
    ...facts.map(({ fact, before, after }) => `~ ${fact}: ${shown(before)} -> ${shown(after)}`),
  ];
}

function shown(value: unknown): string {
  if (value === null) return 'unknown';
  return typeof value === 'string' ? value : JSON.stringify(value);
}
