import type { PostgresOptions } from '../backends/postgres/index.ts';
import type { RedisConnection, RedisOptions } from '../backends/redis/index.ts';
import type { SqsOptions } from '../backends/sqs/index.ts';
import type { Measure } from '../checks/index.ts';
import type { SourceConfig, StreamConfig } from '../config/schema.ts';
import type { BackRequest, DrainRequest } from '../drain/index.ts';

/** A drain of a plan, in the words of the plan: source -> stream. */
export interface ForwardDrain {
  /** Name of a source in qctl.yaml. */
  source: string;
  stream?: string;
  partitions?: number;
  durability?: string;
  types?: string[];
  limit?: number;
  ratePerSecond?: number;
  settleMs?: number;
  /** Of SQS: the length of a long poll. */
  waitMs?: number;
  /** Every message is written there before the source lets go of it; with / at its end a folder. */
  archive?: string;
}

/** The way back: what `group` has not finished of `stream` -> source. */
export interface BackDrain {
  stream: string;
  group: string;
  /** Name of a source in qctl.yaml. */
  to: string;
  partitions?: number;
  /** First entry that goes back; absent: all. */
  from?: string;
  minIdleMs?: number;
  allowActive?: boolean;
  /** Of entries that qctl did not write: the field that is the body, or that the whole entry as JSON is. */
  other?: { body?: string; whole?: true };
}

/**
 * What a cutover gets from whoever runs it: connections made from the configuration, the environment of
 * children, the operator. Every door is opened lazily and may be opened again.
 */
export interface CutoverHost {
  /** One connection, kept by the host. Throws as `connectRedis` does. */
  redis(): Promise<RedisConnection>;
  postgres(source?: string): Promise<PostgresOptions>;
  sqs(source?: string): Promise<SqsOptions>;
  broker(source?: string): Promise<RedisOptions>;
  drainRequest(drain: ForwardDrain): Promise<DrainRequest>;
  backRequest(drain: BackDrain): Promise<{ request: BackRequest; streams: Record<string, StreamConfig> }>;
  /** The streams of qctl.yaml: which are partitioned. */
  streams(): Promise<Record<string, StreamConfig>>;
  /** The sources of qctl.yaml, for samples of their messages; absent: there are none. */
  sources?(): Promise<Readonly<Record<string, SourceConfig>>>;
  /** Measures for checks: the metric providers over these connections. */
  measure: Measure;
  /** Environment of child processes and of `{ env: NAME }` variables. */
  env: Readonly<Record<string, string | undefined>>;
  operator: { by: string; host: string };
  /** Asks on the terminal; undefined where there is none. The signal takes the question back. */
  ask?: (question: string, signal: AbortSignal) => Promise<boolean>;
  now(): Date;
}
