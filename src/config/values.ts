// The namespace import lets the bundler leave out what is not used, such as zod's 40 languages.
import * as z from 'zod';
import { parseDurationMs } from '../model/duration.ts';

/** A number, also as text: `port: ${PGPORT}` arrives as text. */
export const wholeNumber = z.union(
  [z.number().int().nonnegative(), z.string().regex(/^\d+$/).transform(Number)],
  'expected a whole number from 0',
);

/** See {@link wholeNumber}. */
export const fromOne = wholeNumber.refine((given) => given > 0, 'expected a whole number from 1');

/** True or false, also as text. */
export const flag = z.union(
  [z.boolean(), z.enum(['true', 'false']).transform((text) => text === 'true')],
  'expected true or false',
);

/** Text that is not empty. */
export const text = z.string().min(1);

/** A duration such as `5m`, in milliseconds. */
export const duration = text.transform((written, context) => {
  const ms = parseDurationMs(written);
  if (ms !== undefined) return ms;
  context.issues.push({
    code: 'custom',
    message: 'expected a duration such as 30s, 5m or 7d',
    input: written,
  });
  return z.NEVER;
});

const LONGEST_LIMIT_MS = 24 * 86_400_000;

/** The most that something may take: more than nothing, and no more than a timer can tell. In milliseconds. */
export const timeLimit = duration.refine(
  (ms) => ms > 0 && ms <= LONGEST_LIMIT_MS,
  'expected more than 0s, and 24d at most',
);
