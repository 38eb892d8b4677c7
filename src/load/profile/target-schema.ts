import * as z from 'zod';
import { wholeProblem } from '../../config/issues.ts';
import { duration, text } from './fields.ts';

/** A secret is never written into a profile. */
const secret = z.union(
  [z.strictObject({ env: text }), z.strictObject({ file: text })],
  'expected { env: NAME } or { file: PATH }',
);
const header = z.string().regex(/^[\w-]+$/, 'expected the name of a header');
/** Such a header holds a secret. */
const SECRET_HEADER = /auth|cookie|token|key|secret|password/i;

const redis = z.strictObject({
  kind: z.literal('redis'),
  /** A stream that is there, or is to stay. Default: one of the run's own, gone afterwards. */
  stream: text.optional(),
  groups: z.number().int().min(0).max(100).default(1),
  /** Processed entries that stay in a stream of its own; `all`: every one. */
  keep: z.union([z.literal('all'), z.number().int().min(0)]).default(100_000),
  /** Take a stream with entries in it. Groups of the run are made at its end, and taken away again. */
  allowNotEmpty: z.boolean().default(false),
});

const sqs = z.strictObject({
  kind: z.literal('sqs'),
  /** Of qctl.yaml: the queue itself. Default: one of the run's own at the same endpoint, deleted afterwards. */
  source: text.optional(),
  /** The queue of `source`, `--queue-url` or SQS_QUEUE_URL is used itself. */
  useQueue: z.boolean().default(false),
  fifo: z.boolean().default(false),
  allowNotEmpty: z.boolean().default(false),
});

const postgres = z.strictObject({
  kind: z.literal('postgres'),
  /** Of qctl.yaml: its connection. The table is always the run's own, dropped afterwards. */
  source: text.optional(),
  schema: text.default('public'),
  /** How often a consumer without messages asks again. */
  poll: duration.default(100),
  /** Consumers are woken by NOTIFY, and poll besides. */
  notify: z.boolean().default(false),
});

const http = z
  .strictObject({
    kind: z.literal('http'),
    url: text.refine(isHttpUrl, 'expected a URL with http:// or https:// and without a password'),
    method: z.enum(['POST', 'PUT', 'PATCH', 'GET', 'DELETE']).default('POST'),
    headers: z.record(header, z.union([text, secret])).default({}),
    /** Statuses that confirm a message. Default: any 2xx. */
    expect: z.array(z.number().int().min(100).max(599)).min(1).optional(),
    timeout: duration.default(30_000),
  })
  .refine(
    ({ headers }) =>
      Object.entries(headers).every(
        ([name, value]) => typeof value !== 'string' || !SECRET_HEADER.test(name),
      ),
    {
      path: ['headers'],
      message: 'expected { env: NAME } or { file: PATH } for a header that holds a secret',
    },
  );

const KINDS = ['redis', 'sqs', 'postgres', 'http'];

/** `target:` of a profile: `redis`, or all there is to say. */
export const targetSchema = z.preprocess(
  (given, context) => {
    if (typeof given !== 'string') return given;
    if (KINDS.includes(given)) return { kind: given };
    context.issues.push(
      wholeProblem(given, [], `expected ${KINDS.join(' or ')}, got ${JSON.stringify(given)}`),
    );
    return z.NEVER;
  },
  z.discriminatedUnion('kind', [redis, sqs, postgres, http]),
);

/** See {@link targetSchema}. */
export type TargetProfile = z.output<typeof targetSchema>;
export type RedisTargetProfile = Extract<TargetProfile, { kind: 'redis' }>;
export type SqsTargetProfile = Extract<TargetProfile, { kind: 'sqs' }>;
export type PostgresTargetProfile = Extract<TargetProfile, { kind: 'postgres' }>;
export type HttpTargetProfile = Extract<TargetProfile, { kind: 'http' }>;

function isHttpUrl(given: string): boolean {
  if (!URL.canParse(given)) return false;
  const { protocol, username, password } = new URL(given);
  return /^https?:$/.test(protocol) && username === '' && password === '';
}
