import type { Client } from 'pg';
import type { Finding } from '../../../model/finding.ts';
import type { FormatName, Includable, PostgresSpec } from '../spec.ts';

/** What the operator asks for; the rest is found in the database. */
export interface FormatChoice {
  /** Schema in which the queue stands; absent: wherever it is found. */
  schema?: string;
  /** Queue names; absent: all of them. */
  queues?: string[];
  /** What to take besides ready messages. */
  include: Includable[];
  /** Whether the workers of the source are to be paused until the run has let go of all. */
  pause?: boolean;
}

/** A queue that has been found in a database. */
export interface FoundQueue {
  schema: string;
  /** As the format counts: schema version, last migration, extension version. */
  version: string;
  /** Whatever else {@link QueueFormat.describe} needs to know. */
  facts: Record<string, unknown>;
}

/** A worker that is still at work on the source. */
export interface LiveWorker {
  /** As the format names it, or the session that it was told by. */
  name: string;
  /** RFC 3339 of its last sign of life; null where the format has none. */
  seenAt: string | null;
}

/**
 * One job library's tables. `detect` is called for every format and must not fail where its tables
 * are missing or may not be read. Everything here reads only; `freeze` and `thaw` give the statements
 * that an operator may let qctl run.
 */
export interface QueueFormat {
  name: FormatName;
  /** As its users write it: `pg-boss`, `Solid Queue`. */
  title: string;
  /** Versions that are understood, for people: `schema 24 (pg-boss 10)`. */
  versions: string;
  /** Every queue of this format in the database; empty where there is none. */
  detect(client: Client): Promise<FoundQueue[]>;
  /** Throws a QctlError `refused` (UNKNOWN_FORMAT_VERSION) that names what was found. */
  describe(client: Client, found: FoundQueue, choice: FormatChoice): Promise<PostgresSpec>;
  /**
   * For formats of more than one table: which queues a table holds, all of them where it is none in
   * particular; undefined where it is not the format's.
   */
  queuesOfTable?(found: FoundQueue, relation: string): string[] | undefined;
  /** Who still works on the queue. */
  workers(client: Client, found: FoundQueue): Promise<LiveWorker[]>;
  /** What an operator should know of this queue before it is drained: what is not carried, UNLOGGED, retention. */
  findings?(client: Client, found: FoundQueue, choice: FormatChoice): Promise<Finding[]>;
  /** Names of the library's own triggers on its jobs: they may fire for rows that a drain takes, and must not be disabled. */
  ownTriggers?: RegExp;
  /** SQL that pauses the workers of the source, where the format has pauses; and what undoes it. */
  freeze?(found: FoundQueue, choice: FormatChoice): { freeze: string[]; thaw: string[] };
}
