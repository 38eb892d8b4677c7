import { parseDurationMs } from '../model/duration.ts';

/**
 * When to alert, in the grammar of the Nagios plugins: `10` outside 0 to 10, `10:` below 10, `~:10` above
 * 10, `10:20` outside 10 to 20, `@10:20` from 10 to 20. The ends are no alert, with `@` they are.
 */
export interface Range {
  /** As it was written. */
  text: string;
  /** -Infinity for `~`. In the unit of the value: a count, milliseconds, percent. */
  start: number;
  /** Infinity where it was left out. */
  end: number;
  /** True for `@`: alerts inside, ends included. */
  inside: boolean;
}

/** What stands at the ends: a number, a duration (a bare number is seconds) or a percentage (`80` or `80%`). */
export type Operand = 'number' | 'duration' | 'percent';

/** Reads a range; undefined where the text is none, or its start lies behind its end. */
export function parseRange(text: string, operand: Operand = 'number'): Range | undefined {
  const match = /^(@?)(?:([^:]*)(:))?([^:]*)$/.exec(text);
  if (!match) return undefined;
  const [, at, startText, colon, endText] = match;
  // Of `:` and the empty text nobody can tell what is meant.
  if (!startText && !endText) return undefined;
  const start = startText ? parseStart(startText, operand) : 0;
  const end = colon && endText === '' ? Number.POSITIVE_INFINITY : parseOperand(endText!, operand);
  if (start === undefined || end === undefined || start > end) return undefined;
  return { text, start, end, inside: at === '@' };
}

function parseStart(text: string, operand: Operand): number | undefined {
  return text === '~' ? Number.NEGATIVE_INFINITY : parseOperand(text, operand);
}

function parseOperand(text: string, operand: Operand): number | undefined {
  if (operand === 'duration') return parseNumber(text, 1000) ?? parseDurationMs(text);
  return parseNumber(operand === 'percent' ? text.replace(/%$/, '') : text, 1);
}

function parseNumber(text: string, factor: number): number | undefined {
  if (!/^-?(?:\d+(?:\.\d*)?|\.\d+)$/.test(text)) return undefined;
  // 32.169 s are 32169 ms, and not a little less.
  const value = Number((Number(text) * factor).toFixed(6));
  return Number.isFinite(value) ? value : undefined;
}

/** Whether a value is one to alert on. */
export function breaches({ start, end, inside }: Range, value: number): boolean {
  return inside === (value >= start && value <= end);
}
