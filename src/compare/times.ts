import { plainText, type Value } from './json.ts';

/** 1973 in ms; what is less counts seconds. */
const LEAST_MS = 1e11;
const LEAST_SECONDS = 1e8;

/** A time in ms since 1970: RFC 3339, or a count of ms or seconds as number or text; null where it is none. */
export function timeOf(value: Value): number | null {
  if (typeof value === 'number') return countOf(value);
  if (typeof value !== 'string') return null;
  const digits = plainText(value);
  if (/^\d{9,16}(?:\.\d+)?$/.test(digits)) return countOf(Number(digits));
  // Without a date JavaScript makes times of the oddest texts.
  const ms = /^\d{4}-\d{2}-\d{2}/.test(value) ? Date.parse(value.replace(' ', 'T')) : Number.NaN;
  return Number.isNaN(ms) ? null : ms;
}

/** Date and time of day, and nothing else. */
const DATE_TIME = /^\d{4}-\d{2}-\d{2}(?:[T ]\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?(?:Z|[+-]\d{2}:?\d{2})?)?$/i;

/** As {@link timeOf}, but a count is none: a number may be anything, such as somebody's id. */
export function writtenTimeOf(value: Value): number | null {
  return typeof value === 'string' && DATE_TIME.test(value) ? timeOf(value) : null;
}

function countOf(value: number): number | null {
  if (value >= LEAST_MS && value < 1e14) return value;
  return value >= LEAST_SECONDS && value < LEAST_MS ? value * 1000 : null;
}

/** RFC 3339; null stays null. */
export function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
