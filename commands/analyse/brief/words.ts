import { formatBytes } from '../../../src/model/bytes.ts';
import { formatDuration } from '../../../src/model/duration.ts';
import { grouped } from '../../term/number.ts';

/** What is null is not known, which must never read as 0 or as nothing. */
export const UNKNOWN = 'unknown';

/** A value in words, or `unknown`. */
export function told<T>(value: T | null, words: (value: T) => string): string {
  return value === null ? UNKNOWN : words(value);
}

export const count = (value: number | null): string => told(value, grouped);
export const bytes = (value: number | null): string => told(value, formatBytes);
export const lasting = (ms: number | null): string => told(ms, formatDuration);

/** `0.35ms`, `12ms`. */
export const latency = (ms: number | null): string =>
  told(ms, (value) => (value < 10 ? `${value.toFixed(2)}ms` : formatDuration(value)));

/** `5.6/s`. */
export const rate = (perSecond: number | null): string =>
  told(perSecond, (value) => `${Math.abs(value) < 10 ? value.toFixed(1) : grouped(Math.round(value))}/s`);

/** The parts that say something, with commas. */
export function listed(...parts: (string | false | null)[]): string {
  return parts.filter((part) => part !== false && part !== null && part !== '').join(', ');
}

/** Names with what is known of each; those of which nothing is known come last, together. */
export function withUnknown(values: readonly (readonly [name: string, text: string | null])[]): string {
  const known = values.flatMap(([name, text]) => (text === null ? [] : [`${text} ${name}`]));
  const unknown = values.flatMap(([name, text]) => (text === null ? [name] : []));
  return [known.join(', '), unknown.length > 0 && `unknown: ${unknown.join(', ')}`]
    .filter(Boolean)
    .join('; ');
}
