import { isExactDouble, normalDecimal } from './decimal.ts';

/** What JSON can hold. */
export type Value = null | boolean | number | string | Value[] | { [name: string]: Value };

/** Stands before the digits of a number that a double cannot hold. */
const LARGE = '\u0000number:';
/** A double holds any number of 15 digits, but for very large and very small ones. */
const MANY_DIGITS = /\d[\d.]{15}|\d[eE][+-]?\d{3}/;
/** Texts and numbers as they stand. */
const TOKENS = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/gs;
/** Deeper records would end the process by their recursion. */
const DEEPEST = 400;
const SHORT = 2 * DEEPEST;

/**
 * Reads JSON without losing digits: numbers that a double cannot hold become texts of a kind of their own,
 * which {@link typeOf} and {@link writeValue} know. Throws where the text is no JSON, or nested too deeply.
 */
export function readValue(text: string): Value {
  const value = JSON.parse(MANY_DIGITS.test(text) ? text.replace(TOKENS, keepDigits) : text) as Value;
  if (text.length > SHORT) refuseDeep(value, DEEPEST);
  return value;
}

function keepDigits(token: string): string {
  if (token.startsWith('"') || isExactDouble(token)) return token;
  return JSON.stringify(LARGE + normalDecimal(token));
}

function refuseDeep(value: Value, left: number): void {
  if (typeof value !== 'object' || value === null) return;
  if (left === 0) throw new RangeError('it is nested too deeply');
  for (const inner of Object.values(value)) refuseDeep(inner, left - 1);
}

/** A number as it stands in text, all its digits kept; for values that do not come as JSON. */
export function numberValue(text: string): Value {
  const number = Number(text);
  const normal = normalDecimal(text);
  if (normal !== undefined && !isExactDouble(text)) return LARGE + normal;
  // NaN and Infinity are numbers to PostgreSQL, and to JSON they are not.
  return Number.isFinite(number) ? number : text;
}

/** `object`, `array`, `string`, `number`, `boolean` or `null`. */
export function typeOf(value: Value): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'array';
  return isLarge(value) ? 'number' : typeof value;
}

function isLarge(value: Value): value is string {
  return typeof value === 'string' && value.startsWith(LARGE);
}

/** The digits of a number, whatever its size, and without an exponent where it can; of a text the text itself. */
export function plainText(value: Value): string {
  if (isLarge(value)) return value.slice(LARGE.length);
  return typeof value === 'number' ? (normalDecimal(String(value)) ?? String(value)) : String(value);
}

/** JSON with the names of objects in order, so that equal values are equal texts. */
export function writeValue(value: Value): string {
  if (isLarge(value)) return plainText(value);
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writeValue).join(',')}]`;
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}:${writeValue(value[name]!)}`).join(',')}}`;
}

/** A text that holds JSON in a record; else the text. Of a body any JSON counts, of others objects and lists. */
export function openText(text: string, name: string): Value {
  if (name !== 'body' && !/^\s*[{[]/.test(text)) return text;
  try {
    return readValue(text);
  } catch {
    return text;
  }
}

/** A record whose texts that hold JSON were opened, as {@link openText} does it. */
export function openTexts(value: Value): Value {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  for (const name of Object.keys(value)) {
    const inner = value[name]!;
    if (typeof inner !== 'string') continue;
    const opened = openText(inner, name);
    // Its own property, whatever its name: it was one before.
    if (opened !== inner) Object.defineProperty(value, name, { ...OWN, value: opened });
  }
  return value;
}

const OWN = { enumerable: true, writable: true, configurable: true };
