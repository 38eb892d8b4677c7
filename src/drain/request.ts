import type { PostgresOptions } from '../backends/postgres/connect.ts';
import type { RedisOptions } from '../backends/redis/connect.ts';
import type { SqsOptions } from '../backends/sqs/connect.ts';
import type { CelerySpec } from '../sources/celery/spec.ts';
import type { PostgresSpec } from '../sources/postgres/spec.ts';
import type { SqsSelection } from '../sources/sqs/selection.ts';
import type { FieldMapping } from '../transform/mapping.ts';
import { CHECKPOINT_TTL_MS } from './expiry.ts';
import type { ReceiverBounds } from './receiver-tuner.ts';
import type { BrakeLimits } from './tunable.ts';

/** Where messages come from. */
export type DrainSource =
  | { kind: 'postgres'; name: string; connection: PostgresOptions; spec: PostgresSpec }
  | { kind: 'sqs'; name: string; connection: SqsOptions; selection?: SqsSelection }
  /** A queue of Celery, in the Redis that is its broker. */
  | { kind: 'celery'; name: string; connection: RedisOptions; spec: CelerySpec }
  /** A file that an earlier drain has written with `archive`. */
  | { kind: 'archive'; name: string; path: string };

/** Where they go. */
export interface DrainTarget {
  connection: RedisOptions;
  stream: string;
  /** 1: the stream itself; more: `<stream>:{0}` and so on, by hash of the key. */
  partitions: number;
  maxLen?: number;
  /** Stream field -> JMESPath over the message; absent: the default envelope. */
  fields?: FieldMapping;
  /** A consumer group to be made at the start of the stream. */
  createGroup?: string;
  /** `memory`, `wait:N` or `aof`. */
  durability: string;
}

/** How it is done. All of it may change from one call to the next of the same run, but `workers`. */
export interface DrainSettings {
  /** Messages that one append writes. */
  batch: number;
  /** Lanes of a Postgres source, receivers of an SQS one where `receivers` says nothing else. */
  workers: number;
  /** SQS: receivers tune themselves within these bounds. */
  receivers?: ReceiverBounds;
  /** Messages after which this process stops; undefined: no limit. */
  limit?: number;
  /** Messages a second of this process. */
  ratePerSecond?: number;
  /** Bytes a second of this process. */
  bytesPerSecond?: number;
  /** What holds this process back, for as long as it lasts. */
  brake: BrakeLimits;
  /** Goes on after the source is empty, until a signal, a stop, the time or the limit. */
  follow: boolean;
  /** Only what was enqueued before that moment; `now`: the source's clock at the start of the run; `none` lifts it. Absent: as the run has it. */
  boundary?: Date | 'now' | 'none';
  /** The boundary in force, once the run is known: it ends when only later messages are left. */
  enqueuedBefore?: Date;
  /** How long what is kept of a run outlives it; Infinity: for good. */
  checkpointTtlMs: number;
  /** `empty`, or the time at which to stop. */
  until: 'empty' | Date;
  /** How long the source must stay empty before it counts as empty. */
  settleMs: number;
  /** How long a settled SQS id is remembered. */
  windowMs: number;
  maxBodyBytes: number;
  /** SQS: how long a received message stays invisible; extended at half of it. */
  visibilityMs: number;
  /** SQS: long poll. */
  waitSeconds: number;
  /** SQS: how long a message that is not wanted stays invisible; renewed at half of it while the run lasts. */
  passOverMs: number;
  /** SQS: go on although a message that is received and left may become a dead letter. */
  allowReceiveCount: boolean;
  /** How long a queue that is gone is waited for. */
  goneMs: number;
  /** Messages that others have taken meanwhile are told, and keep the run from nothing. */
  allowCompeting: boolean;
  allowEviction: boolean;
  /** Refuse to begin while messages of the source are not due yet, instead of putting them aside. */
  refuseScheduled: boolean;
  /** Start anew although an unfinished run exists. */
  fresh: boolean;
  resume?: string;
  /** File that every message is written to before it is settled. */
  archive?: string;
  /** Copy mode: compare digests at the end. */
  verify: boolean;
}

/** One `qctl drain`. */
export interface DrainRequest {
  source: DrainSource;
  target: DrainTarget;
  settings: DrainSettings;
  /** Who runs it, for the run's record: user@host. */
  startedBy: string;
}

/** The settings that stand where nothing else was asked for. */
export const DEFAULT_SETTINGS: DrainSettings = {
  batch: 1000,
  workers: 2,
  until: 'empty',
  brake: {},
  follow: false,
  checkpointTtlMs: CHECKPOINT_TTL_MS,
  settleMs: 5000,
  windowMs: 3_600_000,
  maxBodyBytes: 64 * 1024 * 1024,
  visibilityMs: 30_000,
  waitSeconds: 5,
  passOverMs: 300_000,
  allowReceiveCount: false,
  goneMs: 120_000,
  allowCompeting: false,
  allowEviction: false,
  refuseScheduled: false,
  fresh: false,
  verify: true,
};
