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

/** A secret is never written into a file that others read. */
export const secretSource = z.union(
  [z.strictObject({ env: text }), z.strictObject({ file: text })],
  'expected { env: NAME } or { file: PATH }',
);
/** See {@link secretSource}. */
export type SecretSource = z.output<typeof secretSource>;

/** A URL without a password: it is shown where something goes wrong. */
export const httpUrl = text.refine(
  isHttpUrl,
  'expected a URL with http:// or https:// and without a password',
);

function isHttpUrl(written: string): boolean {
  if (!URL.canParse(written)) return false;
  const { protocol, username, password } = new URL(written);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}

/** Written as a plain text such a header would be a secret for everybody to read. */
const SECRET_HEADER = /auth|cookie|token|key|secret|password/i;

/** Headers of a request: name -> text, or where it comes from; those that hold a secret say the latter. */
export const httpHeaders = z
  .record(z.string().regex(/^[\w-]+$/), z.union([text, secretSource]))
  .refine(
    (given) =>
      Object.entries(given).every(([name, value]) => typeof value !== 'string' || !SECRET_HEADER.test(name)),
    'expected { env: NAME } or { file: PATH } for a header that holds a secret',
  );

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
