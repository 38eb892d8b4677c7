import type { PostgresOptions } from '../../src/backends/postgres/index.ts';
import type { SqsOptions } from '../../src/backends/sqs/index.ts';
import type { PostgresSourceConfig } from '../../src/config/schema.ts';
import type { Depth } from '../../src/sources/source.ts';

/** A depth, and whose it is: a URL without secrets. */
export type LabelledDepth = Depth & { label: string };

const COUNT_MS = 30_000;

/** Counts the ready rows of a table exactly, in a read-only session. */
export async function readTable(
  options: PostgresOptions,
  counted: { table: string; ready?: string },
  timeoutMs = COUNT_MS,
): Promise<LabelledDepth> {
  const { tableDepth } = await import('../../src/sources/postgres/index.ts');
  return tableDepth(options, counted, timeoutMs);
}

/** The same for the queue of a job library, whose table and condition are found out first. */
export async function readFormat(
  options: PostgresOptions,
  source: PostgresSourceConfig,
  timeoutMs = COUNT_MS,
): Promise<LabelledDepth> {
  const { describeSource } = await import('../../src/sources/postgres/index.ts');
  const { choiceOf } = await import('../drain/source-spec.ts');
  const { parseFormat } = await import('../drain/format-options.ts');
  const format = source.format === undefined ? undefined : parseFormat(source.format);
  return readTable(options, await describeSource(options, format, choiceOf({}, source)), timeoutMs);
}

/** The counts of a queue, which are approximate in SQS; GetQueueAttributes only, nothing is received. */
export async function readQueue(options: SqsOptions): Promise<LabelledDepth> {
  const { connectSqs, queueFacts } = await import('../../src/backends/sqs/index.ts');
  const connection = await connectSqs(options);
  try {
    const { visible, inFlight, delayed } = await queueFacts(connection);
    return { ready: visible, inFlight, delayed, label: connection.label };
  } finally {
    connection.close();
  }
}
