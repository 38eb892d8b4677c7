import { Redis } from 'ioredis';
import {
  CELERY_DEFAULTS,
  type CelerySpec,
  DEFAULT_SETTINGS,
  type DrainPlan,
  type DrainReport,
  type DrainRequest,
  type DrainSettings,
  type DrainTarget,
  openDrain,
  type PostgresSpec,
  runDrain,
  type SqsSelection,
} from '../../src/drain/index.ts';
import type { DrainSnapshot } from '../../src/events.ts';
import { sharedPostgres, sharedRedisUrl } from '../support/shared.ts';

/** What a test says of one drain; the rest stands for itself. */
export interface DrainCase {
  spec?: Partial<PostgresSpec> & { table: string };
  database?: string;
  queueUrl?: string;
  endpoint?: string;
  /** A queue of Celery in that broker. */
  celery?: { url: string } & Partial<CelerySpec>;
  /** An archive to be read. */
  archive?: string;
  /** SQS: which messages are wanted. */
  selection?: SqsSelection;
  target: Partial<DrainTarget> & { stream: string };
  settings?: Partial<DrainSettings>;
  redisUrl?: string;
  signal?: AbortSignal;
  onSnapshot?(snapshot: DrainSnapshot): void;
}

export interface DrainOutcome {
  plan: DrainPlan;
  report: DrainReport;
  notes: string[];
  waits: string[];
}

const SQS = { region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };

/** The request of a case; SQS settles quickly, since the emulator's counts are exact. */
export function requestOf(test: DrainCase): DrainRequest {
  const { spec, queueUrl, endpoint } = test;
  const source: DrainRequest['source'] = spec
    ? {
        kind: 'postgres',
        name: spec.table,
        connection: { url: test.database },
        spec: {
          format: 'generic',
          id: ['id'],
          payload: 'payload',
          done: { delete: true },
          mode: 'move',
          ...spec,
        },
      }
    : test.celery
      ? celerySource(test.celery)
      : test.archive !== undefined
        ? { kind: 'archive', name: 'archive', path: test.archive }
        : {
            kind: 'sqs',
            name: queueUrl!.slice(queueUrl!.lastIndexOf('/') + 1),
            connection: { queueUrl: queueUrl!, endpoint, ...SQS },
            selection: test.selection,
          };
  const quick: Partial<DrainSettings> = spec
    ? { workers: 2, settleMs: 300 }
    : test.archive !== undefined || test.celery
      ? { workers: 1, settleMs: 300 }
      : { workers: 4, waitSeconds: 1, settleMs: 200 };
  return {
    source,
    target: {
      connection: { url: test.redisUrl ?? sharedRedisUrl() },
      partitions: 1,
      durability: 'memory',
      ...test.target,
    },
    settings: { ...DEFAULT_SETTINGS, ...quick, ...test.settings },
    startedBy: 'test',
  };
}

function celerySource({ url, ...spec }: NonNullable<DrainCase['celery']>): DrainRequest['source'] {
  const whole = { ...CELERY_DEFAULTS, ...spec };
  return { kind: 'celery', name: whole.queue, connection: { url }, spec: whole };
}

/** Plan only. */
export async function plan(test: DrainCase): Promise<DrainPlan> {
  const drain = await openDrain(requestOf(test), new Date());
  await drain.close();
  return drain.plan;
}

/** Opens and runs a drain to its end, in this process. */
export async function drain(test: DrainCase): Promise<DrainOutcome> {
  const opened = await openDrain(requestOf(test), new Date());
  const notes: string[] = [];
  const waits = new Set<string>();
  try {
    const events = {
      note: (text: string) => notes.push(text),
      progress: (snapshot: DrainSnapshot) => {
        if (snapshot.waitingFor) waits.add(snapshot.waitingFor);
        test.onSnapshot?.(snapshot);
      },
    };
    const report = await runDrain(opened, events, test.signal ?? new AbortController().signal);
    return { plan: opened.plan, report, notes, waits: [...waits] };
  } finally {
    await opened.close();
  }
}

/** One entry of a stream, its fields in order and byte for byte. */
export interface Entry {
  entryId: string;
  fields: [name: string, value: Buffer][];
  get(name: string): Buffer | undefined;
  text(name: string): string | undefined;
}

/** All entries of a stream, in order. */
export async function entriesOf(stream: string, url = sharedRedisUrl()): Promise<Entry[]> {
  return withRedis(async (redis) => {
    const raw = (await redis.callBuffer('XRANGE', stream, '-', '+')) as [Buffer, Buffer[]][];
    return raw.map(([id, flat]) => entry(id.toString(), flat));
  }, url);
}

/** The entries of all partitions together. */
export async function partitionedEntries(stream: string, partitions: number): Promise<Entry[]> {
  if (partitions === 1) return entriesOf(stream);
  const parts = await Promise.all(
    Array.from({ length: partitions }, (_, p) => entriesOf(`${stream}:{${p}}`)),
  );
  return parts.flat();
}

function entry(entryId: string, flat: Buffer[]): Entry {
  const fields: [string, Buffer][] = [];
  for (let i = 0; i < flat.length; i += 2) fields.push([flat[i]!.toString(), flat[i + 1]!]);
  const get = (name: string): Buffer | undefined => fields.find(([field]) => field === name)?.[1];
  return { entryId, fields, get, text: (name) => get(name)?.toString() };
}

/** A short connection for one look. */
export async function withRedis<T>(use: (redis: Redis) => Promise<T>, url = sharedRedisUrl()): Promise<T> {
  const redis = new Redis(url);
  try {
    return await use(redis);
  } finally {
    redis.disconnect();
  }
}

/** A database of its own with a way to ask it; a copy of the one with that name, which nobody may be at. */
export async function ownDatabase(template?: string) {
  const url = await sharedPostgres().createDatabase(template);
  const name = url.slice(url.lastIndexOf('/') + 1);
  const sql = <T extends object = Record<string, unknown>>(text: string, params?: unknown[]): Promise<T[]> =>
    sharedPostgres().query<T>(text, params, name);
  return { url, name, sql, endSessions: () => sharedPostgres().endSessions(name) };
}

/** The error that a promise fails with; a test that expects one and gets none fails. */
export async function failureOf(work: Promise<unknown>): Promise<{
  kind: string;
  code: string;
  message: string;
  hint: string[];
  details: Record<string, unknown>;
}> {
  try {
    await work;
  } catch (error) {
    return error as never;
  }
  throw new Error('it worked, and should not have');
}
