import { pick } from './random.ts';

/** First code point and number of them: letters without a gap among them. */
type Pool = readonly [first: number, count: number];

const DIGITS: Pool = [0x30, 10];
const UPPER: Pool = [0x41, 26];
const LOWER: Pool = [0x61, 26];
/** `À` to `Ö`, `à` to `ö`; a part of the Han letters of the basic plane, and of those beyond it. */
const UPPER_OF_2_BYTES: Pool = [0xc0, 23];
const LOWER_OF_2_BYTES: Pool = [0xe0, 23];
const OF_3_BYTES: Pool = [0x4e00, 20_000];
const OF_4_BYTES: Pool = [0x20000, 40_000];

/**
 * Another code point of the same class: digit, ASCII letter of the same case, or a letter of as many bytes in UTF-8.
 * Other ASCII stays. Beyond ASCII all become letters, also what is none: an emoji may tell something, too.
 */
export function alike(code: number, random: () => number): number {
  const pool = poolOf(code);
  return pool ? pool[0] + pick(pool[1], random) : code;
}

function poolOf(code: number): Pool | undefined {
  if (code < 0x80) return asciiPool(code);
  if (code >= 0x10000) return OF_4_BYTES;
  if (code >= 0x800) return OF_3_BYTES;
  const char = String.fromCharCode(code);
  return char === char.toLowerCase() ? LOWER_OF_2_BYTES : UPPER_OF_2_BYTES;
}

/** Asked for each character of each sample. */
function asciiPool(code: number): Pool | undefined {
  if (code >= 0x61) return code <= 0x7a ? LOWER : undefined;
  if (code >= 0x41) return code <= 0x5a ? UPPER : undefined;
  return code >= 0x30 && code <= 0x39 ? DIGITS : undefined;
}

/** Text of the same shape: {@link alike}, character by character. */
export function alikeText(text: string, random: () => number): string {
  let out = '';
  for (const char of text) out += String.fromCodePoint(alike(char.codePointAt(0)!, random));
  return out;
}

/** The inside of a JSON string, as it is written: what was an escape stays one of the same length. */
export function alikeEscaped(raw: string, random: () => number): string {
  if (!raw.includes('\\')) return alikeText(raw, random);
  return raw.replace(
    /\\u([dD][89abAB][\da-fA-F]{2})\\u([dD][c-fC-F][\da-fA-F]{2})|\\u([\da-fA-F]{4})|\\.|[^\\]+/gs,
    (all: string, high?: string, low?: string, one?: string) => {
      if (high !== undefined)
        return escaped(alike(String.fromCharCode(hex(high), hex(low!)).codePointAt(0)!, random));
      if (one !== undefined) return escaped(alike(hex(one), random));
      return all.startsWith('\\') ? all : alikeText(all, random);
    },
  );
}

function hex(digits: string): number {
  return Number.parseInt(digits, 16);
}

function escaped(code: number): string {
  return String.fromCodePoint(code)
    .split('')
    .map((unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`)
    .join('');
}

/** A JSON number of as many digits; sign, decimal point and exponent stay, and the first of many digits is none of 0. */
export function alikeNumber(text: string, random: () => number): string {
  const end = text.search(/[eE]/);
  const mantissa = end < 0 ? text : text.slice(0, end);
  const first = mantissa.startsWith('-') ? 1 : 0;
  const long = /\d/.test(mantissa[first + 1] ?? '');
  const digits = mantissa.replace(/\d/g, (_, at: number) =>
    String(at === first && long ? 1 + pick(9, random) : pick(10, random)),
  );
  return digits + text.slice(mantissa.length);
}
