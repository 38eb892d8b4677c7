import * as z from 'zod';
import { flag, text, timeLimit } from './values.ts';

/** `serve:` of a profile; flags stand above it. */
export const serveSchema = z.strictObject({
  /** `HOST:PORT` or `PORT`. */
  listen: text.optional(),
  /** Names under which the page may be called besides the address it listens at, as behind a proxy. */
  hosts: z.array(text).optional(),
  /** File that holds the bearer token. */
  tokenFile: text.optional(),
  /** File of lines `user:password`. */
  basicAuthFile: text.optional(),
  /** How often the backends are looked at. */
  interval: timeLimit.optional(),
  allowActions: flag.optional(),
});

/** `serve:` as validated. */
export type ServeConfig = z.output<typeof serveSchema>;
