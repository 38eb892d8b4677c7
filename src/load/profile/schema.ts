import * as z from 'zod';
import { parseMemoryLimit } from '../../model/limits.ts';
import {
  bytes,
  duration,
  durationFromZero,
  rate,
  rateFromZero,
  share,
  text,
  whole,
  written,
} from './fields.ts';
import { targetSchema } from './target-schema.ts';

const stage = z.union([
  z.strictObject({ constant: rate, for: duration }),
  z.strictObject({ ramp: z.tuple([rateFromZero, rateFromZero]), for: duration }),
  z.strictObject({ steps: z.array(rate).min(1), each: duration }),
  z.strictObject({ spike: rate, base: rateFromZero, width: duration, for: duration }),
  z.strictObject({
    sine: z.strictObject({ mean: rate, amplitude: rateFromZero, period: duration }),
    for: duration,
  }),
  z.strictObject({ replay: text, speed: z.number().positive().default(1) }),
]);

const producers = z.strictObject({
  count: whole.max(1000).default(1),
  /** Messages in one call (SQS: 10 at most; PostgreSQL: one INSERT). */
  batch: whole.max(1000).default(1),
  /** Unconfirmed messages of one producer at a time; for http and SQS, calls. */
  inFlight: whole.max(1_000_000).optional(),
  /** Messages that may wait, of all producers, before further ones are dropped. */
  backlog: whole.default(100_000),
});

/** How long a consumer works at one message. */
const work = z.union(
  [
    durationFromZero.transform((meanMs) => ({ kind: 'fixed' as const, meanMs })),
    z
      .strictObject({ fixed: durationFromZero })
      .transform((given) => ({ kind: 'fixed' as const, meanMs: given.fixed })),
    z
      .strictObject({ uniform: z.tuple([durationFromZero, durationFromZero]) })
      .transform(({ uniform: [fromMs, toMs] }) => ({ kind: 'uniform' as const, fromMs, toMs })),
    z
      .strictObject({ exponential: duration })
      .transform((given) => ({ kind: 'exponential' as const, meanMs: given.exponential })),
  ],
  'expected a duration, { uniform: [FROM, TO] } or { exponential: MEAN }',
);

const consumers = z.strictObject({
  /** Of each group. */
  count: z.number().int().min(0).max(1000).default(1),
  /** Messages that one takes at once. */
  batch: whole.max(1000).default(100),
  work: work.prefault('0'),
  /** Share of messages that are not acknowledged, and come again. */
  failure: share.default(0),
  /** Share of messages at which the consumer dies with all it holds. Another one takes its place. */
  crash: share.default(0),
  /** What a consumer holds for longer is given to another one. */
  claimAfter: duration.default(5000),
  /** At this delivery a message that fails again is put to the dead letters. */
  maxDeliveries: whole.default(5),
  /** `production`: they begin when everything is sent: how fast is a backlog worked off? */
  after: z.enum(['start', 'production']).default('start'),
});

const payload = z.union([
  bytes.transform((given) => ({ bytes: given })),
  z.strictObject({ bytes }),
  /** Size by weight: `{ 256: 70, 4KB: 30 }`. */
  z.strictObject({ sizes: z.record(z.string(), z.number().positive()) }),
  /** Whole file a message, or with `lines` one a line. */
  z.strictObject({ file: text, lines: z.boolean().default(false) }),
  z.strictObject({ template: text }),
  z.strictObject({ templateFile: text }),
  z.strictObject({
    sample: z.strictObject({
      /** A stream of the same Redis, or a source of qctl.yaml. */
      stream: text.optional(),
      source: text.optional(),
      count: whole.max(10_000).default(200),
      /** Fields of JSON bodies that stay as they are; all other values are replaced by others of the same shape. */
      keep: z.array(text).default([]),
      /** SQS has no peek: sampling a queue there counts as a receive of each message. */
      allowReceive: z.boolean().default(false),
    }),
  }),
]);

const keys = z.strictObject({
  count: whole.max(1_000_000),
  distribution: z.enum(['uniform', 'zipf']).default('uniform'),
  /** Of zipf: the larger, the more the first keys get. */
  skew: z.number().positive().max(5).default(1),
});

const threshold = z.union([
  text.transform((check) => ({ check, abortOnFail: false, after: 10_000 })),
  z.strictObject({
    check: text,
    /** Ends the run where it fails, seen every two seconds, not before `after` since the warm-up. */
    abortOnFail: z.boolean().default(false),
    after: durationFromZero.default(10_000),
  }),
]);

const fault = z.union([
  z.strictObject({
    at: durationFromZero,
    /** Dies with all that it holds. */
    kill: z.literal('consumer'),
    count: whole.default(1),
    /** Another one takes its place after that time; `never`: none. */
    restart: z.union([z.literal('never'), durationFromZero]).default(1000),
  }),
  z.strictObject({ at: durationFromZero, pause: z.literal('target'), for: duration }),
  z.strictObject({ at: durationFromZero, cut: z.enum(['producers', 'consumers', 'all']) }),
]);

/** A number is short for so many, the rest as always. */
const counted = (given: unknown) => (typeof given === 'number' ? { count: given } : given);

/** A load profile as it is written. */
export const profileSchema = z.strictObject({
  name: text.optional(),
  target: targetSchema.prefault('redis'),
  /** Short for one constant stage; `max`: as fast as the target confirms. */
  rate: z.union([z.literal('max'), rate]).optional(),
  duration: duration.optional(),
  count: whole.max(1_000_000_000).optional(),
  arrivals: z.array(stage).min(1).optional(),
  /** Not measured. Default 10s, at most a fifth of the whole. */
  warmup: durationFromZero.optional(),
  /** How long consumers may take for what is left. */
  drain: duration.default(30_000),
  /** They may take as long as they need. */
  untilEmpty: z.boolean().default(false),
  producers: z.preprocess(counted, producers).prefault({}),
  consumers: z.preprocess(counted, consumers).prefault({}),
  /** Short for those of `target`. */
  groups: z.number().int().min(0).max(100).optional(),
  payload: payload.prefault(1024),
  /** Short for `payload: { bytes }`. */
  payloadBytes: whole.max(16 * 1024 * 1024).optional(),
  keys: keys.optional(),
  seed: z.number().int().nonnegative().default(1),
  thresholds: z.array(threshold).default([]),
  faults: z.array(fault).default([]),
  /** The run stops where the target uses more of its memory. */
  memoryLimit: written(parseMemoryLimit, 'a limit such as 80% or 2GB').prefault('80%'),
});

/** See {@link profileSchema}. */
export type WrittenProfile = z.output<typeof profileSchema>;
export type WrittenStage = z.output<typeof stage>;
export type PayloadProfile = z.output<typeof payload>;
export type KeysProfile = z.output<typeof keys>;
export type Producers = z.output<typeof producers>;
export type Consumers = z.output<typeof consumers>;
export type Work = Consumers['work'];
export type Fault = z.output<typeof fault>;
export type Threshold = z.output<typeof threshold>;
