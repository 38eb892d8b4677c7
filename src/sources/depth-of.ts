import type { PostgresOptions } from '../backends/postgres/index.ts';
import type { RedisOptions } from '../backends/redis/index.ts';
import type { SqsOptions } from '../backends/sqs/index.ts';
import type { CelerySourceConfig, PostgresSourceConfig } from '../config/schema.ts';
import type { Depth } from './source.ts';

/** A depth, and whose it is: a URL without secrets. */
export type LabelledDepth = Depth & { label: string };

const COUNT_MS = 30_000;

/** Counts the ready rows of a table exactly, in a read-only session. */
export async function readTable(
  options: PostgresOptions,
  counted: { table: string; ready?: string },
  timeoutMs = COUNT_MS,
): Promise<LabelledDepth> {
  const { tableDepth } = await import('./postgres/index.ts');
  return tableDepth(options, counted, timeoutMs);
}

/** The same for the queue of a job library, whose table and condition are found out first. */
export async function readFormat(
  options: PostgresOptions,
  source: PostgresSourceConfig,
  timeoutMs = COUNT_MS,
): Promise<LabelledDepth> {
  const { configuredFormat, describeSource } = await import('./postgres/index.ts');
  const { format, choice } = configuredFormat(source);
  return readTable(options, await describeSource(options, format, choice), timeoutMs);
}

/** Of a source as it is configured: its own table, or the queue of a job library. */
export function configuredDepth(
  options: PostgresOptions,
  source: PostgresSourceConfig,
  timeoutMs = COUNT_MS,
): Promise<LabelledDepth> {
  const { table, ready } = source;
  return table === undefined
    ? readFormat(options, source, timeoutMs)
    : readTable(options, { table, ready }, timeoutMs);
}

/** What a queue of Celery holds, and what its workers have in hand. Takes nothing. */
export async function celeryDepth(options: RedisOptions, source: CelerySourceConfig): Promise<LabelledDepth> {
  const { celeryDepth: read, configuredQueue } = await import('./celery/index.ts');
  return read(options, configuredQueue(source));
}

/** The counts of a queue, which are approximate in SQS; GetQueueAttributes only, nothing is received. */
export async function queueDepth(options: SqsOptions): Promise<LabelledDepth> {
  const { connectSqs, queueFacts } = await import('../backends/sqs/index.ts');
  const connection = await connectSqs(options);
  try {
    const { visible, inFlight, delayed } = await queueFacts(connection);
    return { ready: visible, inFlight, delayed, label: connection.label };
  } finally {
    connection.close();
  }
}
