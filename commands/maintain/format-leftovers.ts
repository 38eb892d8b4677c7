import type { Leftover } from '../../src/maintain/index.ts';
import type { Output } from '../term/io.ts';
import { formatTable } from '../term/table.ts';
import { printable } from '../term/text.ts';

/** As JSON has it. */
export function leftoverToJson(leftover: Leftover): object {
  return { task: 'leftovers', ...leftover };
}

/** A row for each thing that nobody is at work on. */
export function formatLeftovers(output: Output, rows: readonly Leftover[]): string {
  return formatTable(
    output,
    [
      { head: 'LEFTOVER', value: ({ kind, name }) => `${kind} ${name}`, whole: true },
      { head: 'SINCE', value: ({ since }) => since, whole: true },
      { head: 'WHAT', value: ({ what }) => what, wrap: true },
    ],
    rows,
  );
}

/** Shouts about one of them. */
export function leftoverWarning({ kind, name, since, what, command }: Leftover): string {
  const text = `${kind} ${name} ${what}${since === null ? '' : ` since ${since}`}: ${command}`;
  return `qctl: warning: ${printable(text)}\n`;
}
