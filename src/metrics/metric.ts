import type * as z from 'zod';
import type { PostgresOptions } from '../backends/postgres/index.ts';
import type { RedisConnection, RedisOptions } from '../backends/redis/index.ts';
import type { SqsOptions } from '../backends/sqs/index.ts';
import type { CheckValue } from '../checks/index.ts';
import type { SourceConfig, StreamConfig } from '../config/schema.ts';

/** What metrics get from whoever measures. Every door is opened lazily, and may be opened again. */
export interface MetricDoors {
  /** One connection, kept by the host. Throws as `connectRedis` does. */
  redis(): Promise<RedisConnection>;
  /** Throws `config` where there is no such source. */
  postgres(source?: string): Promise<PostgresOptions>;
  /** Throws `config` where there is no such source. */
  sqs(source?: string): Promise<SqsOptions>;
  /** The broker of Celery. Throws `config` where there is no such source. */
  broker(source?: string): Promise<RedisOptions>;
  /** Sources and streams of qctl.yaml. */
  config(): Promise<{
    sources: Readonly<Record<string, SourceConfig>>;
    streams: Record<string, StreamConfig>;
  }>;
  /** Of programs that are run, and of `{ env: NAME }`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Folder from which relative paths count. Default: the current one. */
  cwd?: string;
  /** Default: that of Node. */
  fetch?: typeof fetch;
}

/** What one measurement gets. */
export interface Measuring {
  doors: MetricDoors;
  /** Aborted when nobody waits for the value any more: let go of what is held. */
  signal: AbortSignal;
  /** What the same metric with the same parameters has kept since its last measurement. */
  memory: { kept?: unknown };
}

/** What a value is. Durations are ms; `part` is 0 to 1; `perSecond` is by the second. */
export type MetricUnit = 'count' | 'ms' | 'bytes' | 'part' | 'perSecond' | 'text' | 'any';

/**
 * One metric. `measure` reads only, opens what it needs and closes it again, and may run more than once at the same
 * time. It gives null where there is no number: never 0 for unknown. It throws where it cannot be measured.
 */
export interface Metric<P = unknown> {
  /** `redis.lag`. */
  name: string;
  /** Of `with`. Its output is `P`. */
  schema: z.ZodType<P>;
  unit: MetricUnit;
  /** What the value is, for the documentation. */
  description: string;
  measure(params: P, measuring: Measuring): Promise<CheckValue>;
}

/** Keeps the type of the parameters while a metric is written, and forgets it for the table. */
export function metric<P>(of: Metric<P>): Metric {
  return of as unknown as Metric;
}
