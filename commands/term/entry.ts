import { isUtf8 } from 'node:buffer';
import { formatBytes } from '../../src/model/bytes.ts';
import type { Field } from '../../src/model/entry.ts';
import { colourOf } from './colour.ts';
import type { Output } from './io.ts';
import { layOutJson } from './json-layout.ts';
import { printable, truncate, truncateColoured } from './text.ts';

/** How fields are shown. */
export interface EntryStyle {
  /** Cuts nothing on a terminal. */
  full?: boolean;
  /** Names what shows the rest of what was cut. */
  rest?: string;
}

/** What a value may take on a terminal. */
const MOST_CHARACTERS = 2000;
const MOST_LINES = 40;
/** Longer JSON is laid out only where all of it is wanted. */
const MOST_LAID_OUT_BYTES = 262_144;
const INDENT = '  ';

/**
 * The fields of an entry, each `  name: value`. On a terminal JSON is laid out over lines and what is very
 * long is cut; in a pipe each field is one line and whole. Bytes that are no text are shown as `\xff`.
 */
export function formatEntryFields(
  output: Output,
  fields: readonly Field[],
  { full = false, rest = '-o json shows all of it' }: EntryStyle = {},
): string {
  const whole = full || !output.isTTY;
  return fields
    .map(([name, value]) => `${INDENT}${nameText(output, name)}:${valueText(output, value, whole, rest)}\n`)
    .join('');
}

/** The fields of an entry in one line, `name=value  name=value`, cut to a width. */
export function formatEntryLine(output: Output, fields: readonly Field[], width: number): string {
  const line = fields
    .map(([name, value]) => `${nameText(output, name)}=${truncate(startOf(value, width), width)}`)
    .join('  ');
  return width === Number.POSITIVE_INFINITY ? line : truncateColoured(line, width);
}

function nameText(output: Output, name: Buffer): string {
  return colourOf(output).bold(bytesText(name));
}

function valueText(output: Output, value: Buffer, whole: boolean, rest: string): string {
  const tooLong = !whole && value.length > MOST_LAID_OUT_BYTES;
  const json = output.isTTY && !tooLong && isUtf8(value) ? layOutJson(value.toString('utf8')) : undefined;
  const note = colourOf(output).dim(`(${formatBytes(value.length)}; ${rest})`);
  if (json !== undefined) return jsonLines(output, json, whole, note);
  const text = startOf(value, whole ? Number.POSITIVE_INFINITY : MOST_CHARACTERS);
  if (whole || text.length <= MOST_CHARACTERS) return ` ${text}`;
  return ` ${truncate(text, MOST_CHARACTERS)} ${note}`;
}

function jsonLines(output: Output, json: string, whole: boolean, note: string): string {
  const lines = json.split('\n');
  const indented = (text: string) => `\n${INDENT}${INDENT}${text}`;
  const shown = whole ? lines : lines.slice(0, MOST_LINES).map((line) => truncate(line, MOST_CHARACTERS));
  const body = shown.map((line) => indented(paint(output, printable(line)))).join('');
  const cut = shown.length < lines.length || shown.some((line, at) => line !== lines[at]);
  return cut ? `${body}${indented(`… ${note}`)}` : body;
}

/** Colours the name that a line of laid-out JSON begins with. */
function paint(output: Output, line: string): string {
  return line.replace(
    /^(\s*)("(?:[^"\\]|\\.)*")(?=: )/,
    (_, blanks: string, name: string) => `${blanks}${colourOf(output).cyan(name)}`,
  );
}

/** At least so many characters of a value, more where that is its end; what is cut off is not decoded. */
function startOf(value: Buffer, characters: number): string {
  // A character takes at most four bytes.
  const most = 4 * characters + 4;
  if (value.length <= most) return bytesText(value);
  return bytesText(value.subarray(0, endOfCharacter(value, most)));
}

function endOfCharacter(value: Buffer, from: number): number {
  let end = from;
  while (end > from - 4 && (value[end]! & 0xc0) === 0x80) end -= 1;
  return end;
}

/** Text as it is, control characters and bytes that are no text visibly escaped. */
function bytesText(bytes: Buffer): string {
  if (isUtf8(bytes)) return printable(bytes.toString('utf8'));
  const visibly = (char: string) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`;
  return bytes.toString('latin1').replace(/[^\x20-\x7e]/g, visibly);
}
