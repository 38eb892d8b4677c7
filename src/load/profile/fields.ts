import * as z from 'zod';
import { parseBytes } from '../../model/bytes.ts';
import { parseDurationMs } from '../../model/duration.ts';
import { parseRateLimit } from '../../model/limits.ts';

export const text = z.string().min(1);
/** A whole number from 1. */
export const whole = z.number().int().positive();

/** A text that a parser understands, as what it understands. */
export function written<T>(parse: (given: string) => T | undefined, expected: string) {
  return z.union([text, z.number().transform(String)], `expected ${expected}`).transform((given, context) => {
    const value = parse(given);
    if (value !== undefined) return value;
    context.issues.push({ code: 'custom', message: `expected ${expected}`, input: given });
    return z.NEVER;
  });
}

/** Messages a second. */
export const rate = written((given) => parseRateLimit(given)?.messages, 'a rate such as 1000/s');
/** As {@link rate}, 0 allowed. */
export const rateFromZero = written(
  (given) => (/^0(\/[smh])?$/.test(given) ? 0 : parseRateLimit(given)?.messages),
  'a rate such as 1000/s',
);
/** In ms. */
export const duration = written((given) => positive(parseDurationMs(given)), 'a duration such as 30s');
/** As {@link duration}, 0 allowed. */
export const durationFromZero = written(
  (given) => (given === '0' ? 0 : parseDurationMs(given)),
  'a duration such as 30s',
);
/** In bytes, up to 16 MiB. */
export const bytes = written((given) => sizeOf(given), 'a size up to 16 MiB such as 256 or 4KB');
/** 0 to 1. */
export const share = written(shareOf, 'a share such as 0.5%');

const MOST_BYTES = 16 * 1024 * 1024;

function sizeOf(given: string): number | undefined {
  const size = parseBytes(given);
  return size !== undefined && size <= MOST_BYTES ? size : undefined;
}

function shareOf(given: string): number | undefined {
  const [, amount, percent] = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(given) ?? [];
  const value = amount === undefined ? undefined : Number(amount) / (percent ? 100 : 1);
  return value !== undefined && value <= 1 ? value : undefined;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}
