import type { Io } from './term/io.ts';
import { visibleWidth, wrap, wrapLines } from './term/text.ts';

const MAX_HELP_WIDTH = 110;

/** In a pipe help keeps a width that reads well. */
export function helpWidth({ stdout }: Pick<Io, 'stdout'>): number {
  return Math.min(stdout.columns, MAX_HELP_WIDTH);
}

/**
 * The help of a command in the width of the terminal: prose flows anew, a command of the examples goes on behind
 * a backslash, so that it can still be copied, and what is indented keeps its indent.
 */
export function fitHelp(text: string, width: number): string {
  return text
    .split(/(\n(?=\n| ))/)
    .map((block) => fitBlock(block, width))
    .join('');
}

/** A block is an indented line or empty one with the prose below it, or prose alone. */
function fitBlock(block: string, width: number): string {
  if (block.split('\n').every((line) => visibleWidth(line) <= width)) return block;
  const [, indented = '', prose = ''] = /^( [^\n]*\n?|\n*)([\s\S]*)$/.exec(block) ?? [];
  const end = prose.endsWith('\n') ? '\n' : '';
  const flowing = prose === '' ? '' : wrap(prose.trimEnd().replaceAll('\n', ' '), width) + end;
  return fitIndented(indented, width) + flowing;
}

function fitIndented(line: string, width: number): string {
  return /^ +(?!#).*\bqctl /.test(line) ? fitCommand(line, width) : wrapLines(line, width);
}

/** Spaces between the words of a shell; those inside quotes are part of a word. */
const BETWEEN_WORDS = / (?=(?:[^'"]|'[^']*'|"[^"]*")*$)/;
const CONTINUED = ' \\';

function fitCommand(line: string, width: number): string {
  const indent = /^ */.exec(line)![0];
  const lines: string[] = [];
  for (const word of line.trimStart().split(BETWEEN_WORDS)) {
    const last = lines.at(-1);
    const fits = last !== undefined && visibleWidth(`${last} ${word}${CONTINUED}`) <= width;
    if (fits) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(`${indent}${last === undefined ? '' : '  '}${word}`);
  }
  return lines.join(`${CONTINUED}\n`);
}
