import * as z from 'zod';
import { text } from '../config/schema.ts';

/** A stream, a partitioned stream by its own name, or a pattern. */
export const ofStream = { stream: text };
/** A group of a stream. */
export const ofGroup = { ...ofStream, group: text };

/** A secret is never written into a plan. */
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
