/*
 * A file of variables as text. It is taken apart only as far as is needed to put one value in the place of
 * another: everything else stays, byte for byte. Texts hold one byte a character (latin1), so that bytes
 * that are no UTF-8 stay what they are.
 */

/** `NAME=value` in a file of variables, and where it stands. */
export interface Assignment {
  name: string;
  /** From 1. */
  line: number;
  /** First character of its first line. */
  start: number;
  /** After the line end of its last line. */
  end: number;
  /** After the name. */
  nameEnd: number;
  /** Of the value as written, without blanks around it and without a comment behind it. */
  rawStart: number;
  rawEnd: number;
  exported: boolean;
  /** Something with a `#` stands behind the value. */
  comment: boolean;
  /** A quote is opened that is never closed: to some readers the rest of the file belongs to it. */
  unclosed: boolean;
  /** A backslash stands at the end of a line, and the next line looks like one of its own: nobody knows who is right. */
  doubtful: boolean;
}

const BOM = '\xef\xbb\xbf';
const HEAD = /[ \t]*(export[ \t]+)?([\w.-]+)[ \t]*=[ \t]*/y;
const LINE = /[^\n]*(?:\n|$)/y;
/** A line that would be taken for the rest of the value before it. */
const NEW_LINE = /[ \t]*(?:#|;|\r?(?:\n|$)|(?:export[ \t]+)?[\w.-]+[ \t]*=)/y;

/** Every assignment of a file, in its order. */
export function parseEnvText(text: string): Assignment[] {
  const found: Assignment[] = [];
  let at = text.startsWith(BOM) ? BOM.length : 0;
  let line = 1;
  while (at < text.length) {
    const assignment = assignmentAt(text, at, line);
    if (assignment) found.push(assignment);
    const next = assignment?.end ?? at + matchAt(LINE, text, at)![0].length;
    line += text.slice(at, next).split('\n').length - 1;
    at = next;
  }
  return found;
}

/** The value of an assignment as it is written, quotes and all. */
export function rawOf(text: string, { rawStart, rawEnd }: Assignment): string {
  return text.slice(rawStart, rawEnd);
}

/** How lines end: as the last one does that has an end. */
export function lineEnd(text: string): '\n' | '\r\n' {
  const last = text.lastIndexOf('\n');
  return last > 0 && text[last - 1] === '\r' ? '\r\n' : '\n';
}

/** Puts a value, as written, in the place of another. A shell takes no blanks around the `=`, so these go. */
export function withRaw(text: string, { nameEnd, rawEnd }: Assignment, raw: string): string {
  return `${text.slice(0, nameEnd)}=${raw}${text.slice(rawEnd)}`;
}

/** Takes whole lines out. */
export function without(text: string, assignments: readonly Assignment[]): string {
  return assignments.reduceRight((rest, { start, end }) => rest.slice(0, start) + rest.slice(end), text);
}

/** Puts lines at the end, on lines of their own. */
export function appended(text: string, lines: readonly string[]): string {
  if (lines.length === 0) return text;
  const eol = lineEnd(text);
  const begun = text !== '' && text !== BOM && !text.endsWith('\n') ? eol : '';
  // What follows a backslash at the end of a line would belong to that line.
  const apart = /\\\r?\n?$/.test(text) ? eol : '';
  return text + begun + apart + lines.map((line) => line + eol).join('');
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

function assignmentAt(text: string, start: number, line: number): Assignment | undefined {
  const head = matchAt(HEAD, text, start);
  if (!head) return undefined;
  const [whole, exported = '', name = ''] = head;
  const nameEnd = start + whole.indexOf(name, whole.indexOf(exported) + exported.length) + name.length;
  const valueStart = start + whole.length;
  const { stop, ...scanned } = scanValue(text, valueStart);
  const end = stop + matchAt(LINE, text, stop)![0].length;
  // Of no value at all the blanks belong to what follows.
  const rawStart = scanned.rawEnd > valueStart ? valueStart : text.indexOf('=', nameEnd) + 1;
  const rawEnd = scanned.rawEnd > rawStart && rawStart === valueStart ? scanned.rawEnd : rawStart;
  return { name, line, start, end, nameEnd, exported: exported !== '', ...scanned, rawStart, rawEnd };
}

interface Scanned extends Pick<Assignment, 'rawEnd' | 'comment' | 'unclosed' | 'doubtful'> {
  /** Where the rest of the line begins that is no value. */
  stop: number;
}

/** Follows systemd: quotes count at the beginning of a value and behind other quotes. */
function scanValue(text: string, from: number): Scanned {
  const scanned: Scanned = { rawEnd: from, stop: from, comment: false, unclosed: false, doubtful: false };
  let quotable = true;
  // A blank behind a backslash is one of the value: no comment begins after it.
  let afterBlank = isBlank(text[from - 1]);
  let at = from;
  while (at < text.length && text[at] !== '\n') {
    const character = text[at]!;
    if (character === '#' && afterBlank) {
      scanned.comment = true;
      break;
    }
    const blank = isBlank(character);
    afterBlank = blank;
    const close = quotable && (character === "'" || character === '"') ? closingQuote(text, at) : undefined;
    if (close === -1) scanned.unclosed = true;
    const quoted = close !== undefined && close >= 0;
    if (!blank && !quoted) quotable = false;
    if (character === '\\' && continuesInDoubt(text, at)) scanned.doubtful = true;
    at = quoted ? close + 1 : at + (character === '\\' ? escapeLength(text, at) : 1);
    if (!blank) scanned.rawEnd = at;
  }
  scanned.stop = at;
  return scanned;
}

function isBlank(character: string | undefined): boolean {
  return character === ' ' || character === '\t' || character === '\r';
}

/** Index of the quote that closes the one at `at`; -1: there is none. */
function closingQuote(text: string, at: number): number {
  const quote = text[at]!;
  if (quote === "'") return text.indexOf(quote, at + 1);
  for (let next = at + 1; next < text.length; next++) {
    if (text[next] === quote) return next;
    if (text[next] === '\\') next++;
  }
  return -1;
}

/** A backslash, and what it takes the meaning from: a character, or the end of a line. */
function escapeLength(text: string, at: number): number {
  if (text.startsWith('\r\n', at + 1)) return 3;
  return Math.min(2, text.length - at);
}

/** dotenv knows no continued lines. */
function continuesInDoubt(text: string, at: number): boolean {
  const [line] = /^\\\r?\n/.exec(text.slice(at, at + 3)) ?? [];
  return line !== undefined && matchAt(NEW_LINE, text, at + line.length) !== null;
}
