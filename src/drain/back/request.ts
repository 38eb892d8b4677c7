import type { PostgresOptions } from '../../backends/postgres/index.ts';
import type { RedisOptions } from '../../backends/redis/index.ts';
import type { SqsOptions } from '../../backends/sqs/index.ts';
import type { PostgresSpec } from '../../sources/postgres/spec.ts';
import type { OtherShape } from '../../transform/from-entry.ts';

/** Where messages go back to. */
export type BackTarget =
  | {
      kind: 'postgres';
      name: string;
      connection: PostgresOptions;
      spec: PostgresSpec;
      /** As in SQL; undefined: `qctl_returned` in the schema of the queue's table. */
      ledgerTable?: string;
    }
  | {
      kind: 'sqs';
      name: string;
      connection: SqsOptions;
      /** Adds `qctl.id`, `qctl.entry` and so on to the attributes, where there is room. */
      marks: boolean;
      /** Sends what waits for longer than SQS can delay with the longest delay that it has. */
      clipDelay: boolean;
    };

/** Which entries go back. */
export interface BackSource {
  connection: RedisOptions;
  stream: string;
  partitions: number;
  group: string;
  /** First id that goes back; undefined: all. */
  from?: string;
}

/** How it is done. All of it may change from one call to the next of the same run. */
export interface BackSettings {
  /** Entries that are taken at once; of Postgres, rows of a transaction. */
  batch: number;
  /** Sends to SQS at once. */
  workers: number;
  limit?: number;
  ratePerSecond?: number;
  /** A consumer that was seen more lately than this is at work. */
  activeWithinMs: number;
  /** Entries that were delivered more lately than this stay with their consumer. */
  minIdleMs: number;
  allowActive: boolean;
  /** Deletes what was given back from the stream. */
  delete: boolean;
  other: OtherShape;
  /** Ends the run after so many entries that could not be given back. */
  maxLeft: number;
  /** `memory`, `wait:N` or `aof`. */
  durability: string;
  /** Gives up an unfinished run of the group that went elsewhere. */
  fresh: boolean;
  verify: boolean;
}

/** One `qctl drain redis`. */
export interface BackRequest {
  source: BackSource;
  target: BackTarget;
  settings: BackSettings;
  /** Who runs it, for the run's record: user@host. */
  startedBy: string;
}

/** The settings that stand where nothing else was asked for. */
export const BACK_SETTINGS: BackSettings = {
  batch: 500,
  workers: 16,
  activeWithinMs: 60_000,
  minIdleMs: 60_000,
  allowActive: false,
  delete: false,
  other: { refuse: true },
  maxLeft: 1000,
  durability: 'memory',
  fresh: false,
  verify: true,
};
