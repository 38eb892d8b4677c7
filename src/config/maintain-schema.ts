import * as z from 'zod';
import { duration, flag, text, timeLimit } from './values.ts';

/**
 * `maintain:` of a profile: which parts are done, and how long all of them may take. The first three are on and
 * change nothing that anybody would miss, the others are off.
 */
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
  reapAfter: duration.refine((ms) => ms > 0, 'expected more than 0s').optional(),
  /** Of all parts together. */
  budget: timeLimit.optional(),
  /** For the textfile collector of node_exporter. */
  textfile: text.refine((path) => path.endsWith('.prom'), 'expected a path that ends in .prom').optional(),
});

/** `maintain:` as validated. */
export type MaintainConfig = z.output<typeof maintainSchema>;
