import * as z from 'zod';
import { duration, text } from './schema.ts';

const whole = z.number().int().positive();

/** Of entries that qctl did not write: the field that is the body, or that the whole entry as JSON is. */
const other = z
  .strictObject({ body: text.optional(), whole: z.literal(true).optional() })
  .refine(
    ({ body, whole }) => (body === undefined) !== (whole === undefined),
    'expected body: FIELD or whole: true',
  )
  .optional();

/** Source -> stream. With `group`, what that group has not finished goes back in a rollback. */
export const forwardDrain = z.strictObject({
  /** By its name in qctl.yaml. */
  source: text,
  stream: text.optional(),
  group: text.optional(),
  partitions: whole.optional(),
  durability: z
    .string()
    .regex(/^(memory|aof|wait:[1-9]\d*)$/, 'expected memory, wait:N or aof')
    .optional(),
  types: z.array(text).min(1).optional(),
  limit: whole.optional(),
  /** Messages a second. */
  rate: whole.optional(),
  /** A file that every message is written to before the source lets go of it; with / at its end a folder. */
  archive: text.optional(),
  /** How long the source must stay empty. */
  settle: duration.optional(),
  /** Of SQS: the length of a long poll, 1s to 20s; the last ones end the drain. */
  wait: duration.optional(),
  /**
   * `empty`: to the end, for when nobody sends to it any more. `backlog`: as many messages as are ready at the
   * beginning; while producers are at work the source is never empty.
   */
  until: z.enum(['empty', 'backlog']).default('empty'),
  /** For the way back. */
  other,
});

/** Stream -> source: what a group has not finished. */
export const backDrain = z.strictObject({
  stream: text,
  group: text,
  /** A source by its name in qctl.yaml. */
  to: text,
  partitions: whole.optional(),
  /** First entry that goes back. */
  from: text.optional(),
  minIdle: duration.optional(),
  allowActive: z.boolean().optional(),
  other,
});

/** What stands behind `drain:` in a plan; the name of a source alone is a drain of it. */
export const drainSchema = z.union([
  text.transform((source) => ({ source, until: 'empty' as const })),
  forwardDrain,
  backDrain,
]);

/** See {@link drainSchema}. */
export type DrainParams = z.output<typeof forwardDrain> | z.output<typeof backDrain>;
