import * as z from 'zod';
import { duration, flag, text, timeLimit } from './values.ts';

/** `maintain:` of a profile: which parts are done, and how long all of them may take. */
export const maintainSchema = z.strictObject({
  scheduled: flag.optional(),
  breakers: flag.optional(),
  leftovers: flag.optional(),
  trim: flag.optional(),
  claim: flag.optional(),
  deadLetter: flag.optional(),
  expire: flag.optional(),
  reap: flag.optional(),
  /** A consumer that did nothing for longer is dead. */
  reapAfter: duration.optional(),
  /** Of all parts together. */
  budget: timeLimit.optional(),
  /** For the textfile collector of node_exporter. */
  textfile: text.optional(),
});

/** `maintain:` as validated. */
export type MaintainConfig = z.output<typeof maintainSchema>;
