/** The command line as bash's readline sees it. */
export interface BashLine {
  /** Behind the command, without quotes; the unfinished word last. */
  words: string[];
  /** What the unfinished word names stands behind `<` or `>`: no matter of qctl's. */
  redirected: boolean;
  /** What COMPREPLY has to hold for a candidate. */
  toInsert(candidate: string): string;
}

type Quote = '' | '"' | "'";

/** What was read so far. */
interface Reading {
  words: string[];
  /** The word that is being read; undefined between two. */
  word?: string;
  quote: Quote;
  /** How much of the word stands before what readline replaces: that begins behind the last quote or break. */
  kept: number;
  redirected: boolean;
}

/**
 * Reads a line up to the cursor. Bash cuts words at the colons of streams' names, and at the other characters of
 * COMP_WORDBREAKS; qctl needs whole ones, and readline replaces only what stands behind the last of these.
 *
 * @param breaks COMP_WORDBREAKS
 */
export function readBashLine(line: string, breaks: string): BashLine {
  const reading: Reading = { words: [], quote: '', kept: 0, redirected: false };
  for (let at = 0; at < line.length; at += readAt(reading, line, at, breaks));
  const { words, word = '', quote, kept, redirected } = reading;
  const command = words.findIndex((one) => !/^\w+=/.test(one));
  return {
    words: [...words.slice(command + 1), word],
    redirected,
    toInsert: (candidate) => quoted(candidate.slice(reading.word === undefined ? 0 : kept), quote),
  };
}

/** Reads what stands at a place; how long that is. */
function readAt(reading: Reading, line: string, at: number, breaks: string): number {
  const char = line[at]!;
  const next = line[at + 1] ?? '';
  const { quote } = reading;
  if (quote === '' && /\s/.test(char)) endWord(reading);
  else if (quote === '' && /[;|&()]/.test(char)) {
    endWord(reading);
    reading.words = [];
  } else if (quote === '' && /[<>]/.test(char)) beginRedirection(reading);
  else if (char === '\\' && (quote === '' || (quote === '"' && /["\\$`]/.test(next)))) {
    put(reading, next);
    return 2;
  } else if (quote === '' ? /["']/.test(char) : char === quote) turnQuote(reading, char as Quote);
  else put(reading, char, quote === '' && breaks.includes(char));
  return 1;
}

function put(reading: Reading, char: string, isBreak = false): void {
  if (reading.word === undefined) reading.kept = 0;
  reading.word = (reading.word ?? '') + char;
  if (isBreak) reading.kept = reading.word.length;
}

function turnQuote(reading: Reading, char: Quote): void {
  put(reading, '');
  reading.quote = reading.quote === '' ? char : '';
  reading.kept = reading.word!.length;
}

function endWord(reading: Reading): void {
  if (reading.word === undefined) return;
  if (!reading.redirected) reading.words.push(reading.word);
  Object.assign(reading, { word: undefined, redirected: false });
}

/** `2>` and `>>` as well: a number before it, or an angle before it, belongs to it. */
function beginRedirection(reading: Reading): void {
  if (/^\d+$/.test(reading.word ?? '')) reading.word = undefined;
  endWord(reading);
  reading.redirected = true;
}

function quoted(text: string, quote: Quote): string {
  if (quote === "'") return text.replaceAll("'", "'\\''");
  if (quote === '"') return text.replace(/["\\$`]/g, '\\$&');
  return text.replace(/[^\p{L}\p{N}_@%+=:,./-]/gu, '\\$&');
}
