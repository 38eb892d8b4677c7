// The namespace import lets the bundler leave out what is not used, such as zod's 40 languages.
import * as z from 'zod';
import { parseMemoryLimit } from '../model/limits.ts';
import { alertsSchema } from './alert-schema.ts';
import { breakersSchema } from './breaker-schema.ts';
import { maintainSchema } from './maintain-schema.ts';
import { serveSchema } from './serve-schema.ts';
import { duration, flag, fromOne, text, wholeNumber } from './values.ts';

export {
  duration,
  flag,
  fromOne,
  httpHeaders,
  httpUrl,
  type SecretSource,
  secretSource,
  text,
  timeLimit,
  wholeNumber,
} from './values.ts';

const secret = {
  password: text.optional(),
  /** File whose content, without its last newline, is the password. */
  passwordFile: text.optional(),
  /** Program and arguments that print the password; no shell is involved. */
  passwordCommand: z.array(text).min(1).optional(),
};

const tls = z.union([
  z.boolean(),
  z.strictObject({
    caFile: text.optional(),
    certFile: text.optional(),
    keyFile: text.optional(),
    servername: text.optional(),
    rejectUnauthorized: flag.optional(),
  }),
]);

const addresses = z.union([z.array(text).min(1), text.transform((list) => list.split(/\s*,\s*/))]);

/** `redis:` of a profile: one of url, sentinel and cluster. */
export const redisSchema = z.strictObject({
  url: text.optional(),
  sentinel: z
    .strictObject({
      hosts: addresses,
      name: text,
      username: text.optional(),
      ...secret,
      tls: flag.optional(),
    })
    .optional(),
  cluster: z.strictObject({ nodes: addresses }).optional(),
  username: text.optional(),
  ...secret,
  db: wholeNumber.optional(),
  tls: tls.optional(),
});

/** A literal, or an SQL expression such as `{ sql: now() }`. */
const columnValue = z.union(
  [z.string(), z.number(), z.boolean(), z.null(), z.strictObject({ sql: text })],
  'expected a value or { sql: expression }',
);

const done = z.union(
  [z.strictObject({ delete: z.literal(true) }), z.strictObject({ set: z.record(z.string(), columnValue) })],
  'expected { delete: true } or { set: { column: value } }',
);

/** Text that a parser takes; it is read again where it is used. */
const written = (parse: (text: string) => unknown, expected: string) =>
  text.refine((given) => parse(given) !== undefined, `expected ${expected}`);

/** What holds a drain of this source back. */
const brake = z.strictObject({
  maxLag: fromOne.optional(),
  maxStreamLength: fromOne.optional(),
  maxMemory: written(parseMemoryLimit, 'a part such as 80% or an amount such as 2GB').optional(),
  /** SQL over a Postgres source: a number above 0, or true, brakes. */
  maxSourceLoad: text.optional(),
  stopFile: text.optional(),
});

const target = {
  brake: brake.optional(),
  /** Stream that this source goes to, where no --stream is given. */
  stream: text.optional(),
  /** Field of the entry -> JMESPath over the message. */
  fields: z.record(z.string(), text).optional(),
};

const postgresSource = z.strictObject({
  kind: z.literal('postgres'),
  url: text.optional(),
  host: text.optional(),
  port: wholeNumber.optional(),
  database: text.optional(),
  user: text.optional(),
  ...secret,
  tls: tls.optional(),
  format: text.optional(),
  /** Of a known format: its schema and queues, and what to take besides ready messages. */
  schema: text.optional(),
  queues: z.union([text, z.array(text).min(1)]).optional(),
  include: z.union([text, z.array(text)]).optional(),
  table: text.optional(),
  id: z.union([text, z.array(text).min(1)]).optional(),
  payload: text.optional(),
  ready: text.optional(),
  order: z.union([text, z.array(text).min(1)]).optional(),
  key: text.optional(),
  type: text.optional(),
  priority: text.optional(),
  attempts: text.optional(),
  enqueuedAt: text.optional(),
  notBefore: text.optional(),
  attributes: z.record(z.string(), text).optional(),
  done: done.optional(),
  /** The way back: column -> SQL over the message. */
  restore: z.record(z.string(), text).optional(),
  /** The way back: the table that remembers what was returned. */
  ledgerTable: text.optional(),
  mode: z.enum(['move', 'copy']).optional(),
  claimColumn: text.optional(),
  types: z.array(text).min(1).optional(),
  filter: text.optional(),
  /** Channels that tell of new messages, for --follow. */
  notify: z.union([text, z.array(text).min(1)]).optional(),
  ...target,
});

const sqsSource = z.strictObject({
  kind: z.literal('sqs'),
  queueUrl: text,
  region: text.optional(),
  endpoint: text.optional(),
  /** JMESPath over the message; what it is not true for stays in the queue. */
  filter: text.optional(),
  /** JMESPath that gives the message's type. */
  type: text.optional(),
  /** Only messages of these types. */
  types: z.array(text).min(1).optional(),
  ...target,
});

const celerySource = z.strictObject({
  kind: z.literal('celery'),
  /** As Celery's `broker_url`. */
  url: text.optional(),
  sentinel: redisSchema.shape.sentinel,
  username: text.optional(),
  ...secret,
  db: wholeNumber.optional(),
  tls: tls.optional(),
  /** As in `-Q` of a worker. */
  queue: text.optional(),
  /** Celery's `global_keyprefix`. */
  keyPrefix: text.optional(),
  /** Celery's `priority_steps`, where it has others than 0 to 9. */
  prioritySteps: z.array(wholeNumber).min(1).optional(),
  /** Celery's `sep`. */
  separator: text.optional(),
  /** Only messages of these tasks. */
  types: z.array(text).min(1).optional(),
  /** JMESPath over the message; what it is not true for stays in the queue. */
  filter: text.optional(),
  ...target,
});

/** Names of fields that carry what qctl shows and counts; for entries that other programs write. */
const entryFields = z.strictObject({
  body: text.optional(),
  type: text.optional(),
  priority: text.optional(),
  retryCount: text.optional(),
  correlationId: text.optional(),
  /** In dead letters that other programs wrote. */
  reason: text.optional(),
  /** In dead letters that other programs wrote: the stream that the message came from. */
  originalStream: text.optional(),
});

const streamSchema = z.strictObject({
  group: text.optional(),
  maxLen: wholeNumber.optional(),
  maxAge: duration.optional(),
  partitions: wholeNumber.optional(),
  deadLetter: text.optional(),
  /** A dead letter that lies there for longer may go. */
  deadLetterTtl: duration.optional(),
  maxDeliveries: wholeNumber.optional(),
  /** Pending for longer than this is stuck. */
  minIdle: duration.optional(),
  /** Takes over what is claimed. */
  claimTo: text.optional(),
  entry: entryFields.optional(),
});

/** One profile: an environment such as staging or production. */
export const profileSchema = z.strictObject({
  redis: redisSchema.optional(),
  sources: z
    .record(z.string(), z.discriminatedUnion('kind', [postgresSource, sqsSource, celerySource]))
    .optional(),
  streams: z.record(z.string(), streamSchema).optional(),
  breakers: breakersSchema.optional(),
  alerts: alertsSchema.optional(),
  maintain: maintainSchema.optional(),
  serve: serveSchema.optional(),
});

/** A whole file; the profiles are checked one by one, so that a gap in one does not stop another. */
export const fileSchema = z.strictObject({
  /** Profile that is used where none is asked for. */
  profile: text.optional(),
  profiles: z.record(z.string(), z.unknown()).optional(),
});

/** `redis:` as validated. */
export type RedisConfig = z.output<typeof redisSchema>;
/** A source with `kind: postgres`. */
export type PostgresSourceConfig = z.output<typeof postgresSource>;
/** A source with `kind: sqs`. */
export type SqsSourceConfig = z.output<typeof sqsSource>;
/** A source with `kind: celery`. */
export type CelerySourceConfig = z.output<typeof celerySource>;
/** One of `sources:`. */
export type SourceConfig = PostgresSourceConfig | SqsSourceConfig | CelerySourceConfig;
/** `brake:` of a source. */
export type BrakeConfig = z.output<typeof brake>;
/** One of `streams:`. */
export type StreamConfig = z.output<typeof streamSchema>;
/** A profile as validated. */
export type ProfileConfig = z.output<typeof profileSchema>;
/** `tls:` as validated. */
export type TlsConfig = z.output<typeof tls>;
