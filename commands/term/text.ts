import { stripVTControlCharacters } from 'node:util';

export { printable } from '../../src/model/printable.ts';

const WIDE =
  /[\u1100-\u115f\u2e80-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{20000}-\u{3fffd}]/u;
const EMOJI = /\p{Emoji_Presentation}/u;
const ZERO = /^(?:\p{Mark}|[\u200b-\u200d]|[\ufe00-\ufe0f])$/u;
/** Most texts: a table of a thousand rows would take half a second otherwise. */
const PLAIN = /^[\x20-\x7e]*$/;
let segmenter: Intl.Segmenter | undefined;

/** Made when it is needed: the tables behind it take longer to read than most commands take to run. */
function graphemesOf(text: string): Intl.Segments {
  segmenter ??= new Intl.Segmenter();
  return segmenter.segment(text);
}

/** Columns that a text takes in a terminal; colour codes take none. */
export function visibleWidth(text: string): number {
  if (PLAIN.test(text)) return text.length;
  let width = 0;
  for (const { segment } of graphemesOf(stripVTControlCharacters(text))) width += graphemeWidth(segment);
  return width;
}

function graphemeWidth(segment: string): number {
  if (ZERO.test(segment)) return 0;
  return WIDE.test(segment) || EMOJI.test(segment) ? 2 : 1;
}

/** Cuts a text to a width, the last column being `…` where something was cut. Expects no colour codes. */
export function truncate(text: string, width: number): string {
  if (width === Number.POSITIVE_INFINITY || visibleWidth(text) <= width) return text;
  return width > 0 ? `${take(text, width - 1)}…` : '';
}

/** Like {@link truncate}, for a text with colour codes: they all stay, so that none reaches beyond the line. */
export function truncateColoured(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  let room = width - 1;
  const parts = text.split(/(\x1b\[[0-9;]*m)/).map((part, at) => {
    if (at % 2 === 1) return part;
    const before = room;
    room -= visibleWidth(part);
    if (room >= 0) return part;
    return before >= 0 ? `${take(part, before)}…` : '';
  });
  return parts.join('');
}

/** As much of a text as fits into so many columns. */
function take(text: string, width: number): string {
  let kept = '';
  let room = width;
  for (const { segment } of graphemesOf(text)) {
    room -= graphemeWidth(segment);
    if (room < 0) break;
    kept += segment;
  }
  return kept;
}

/** Breaks a text into lines of at most a width, between words where there are any; nothing is lost. */
export function wrap(text: string, width: number): string {
  if (visibleWidth(text) <= width) return text;
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(' ').flatMap((part) => slices(part, width))) {
    if (line !== '' && visibleWidth(line) + 1 + visibleWidth(word) > width) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n');
}

/** Each line wrapped to a width; what goes on below stands a little further in than its line. */
export function wrapLines(text: string, width: number): string {
  return text
    .split('\n')
    .map((line) => wrapLine(line, width))
    .join('\n');
}

function wrapLine(line: string, width: number): string {
  if (visibleWidth(line) <= width) return line;
  const indent = /^ */.exec(line)![0];
  const further = `\n${indent}  `;
  return indent + wrap(line.trimStart(), Math.max(1, width - further.length + 1)).replaceAll('\n', further);
}

/** A word in pieces that fit; all but the last fill the width, so that no blank comes between two. */
function slices(word: string, width: number): string[] {
  const pieces = [''];
  let room = width;
  for (const { segment } of graphemesOf(word)) {
    const needed = graphemeWidth(segment);
    if (needed > room && pieces.at(-1) !== '') {
      pieces.push('');
      room = width;
    }
    pieces[pieces.length - 1] += segment;
    room -= needed;
  }
  return pieces;
}
