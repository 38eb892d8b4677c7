import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { QctlError } from '../errors.ts';
import type { StreamSettings, Work } from '../streams/index.ts';
import type { Part, StreamPart } from './parts.ts';

/** What a part is given to look after one stream. */
export interface StreamLook {
  redis: RedisConnection;
  settings: StreamSettings;
  /** The conventions of all streams. */
  streams: Record<string, StreamConfig>;
  /** The parts that are on. */
  parts: ReadonlySet<Part>;
  /** A consumer that was not seen for longer is dead. */
  reapAfterMs: number;
  work: Work;
}

/** What a part has done to a stream, or would do. */
export interface StreamWork {
  part: StreamPart;
  stream: string;
  /** Null where it is about no group. */
  group: string | null;
  /** Consumers deleted of `reap`, entries of all others; of a plan those that would be. */
  count: number;
  /** Pending entries whose messages had been trimmed or deleted: they left the pending entries list. */
  removed: number;
  /** The consumer that takes over; null where none has to. */
  to: string | null;
  /** The dead-letter stream; null where it is about none. */
  deadLetter: string | null;
  /** When the oldest and the newest of what expired had died (RFC 3339). */
  oldestDeadAt: string | null;
  newestDeadAt: string | null;
  /** Why something stays, where that is as it should be. */
  note: string | null;
  /** What somebody should look at. */
  warning: string | null;
  /** True where there is more to do: the time was over, or an operator has stopped it. */
  left: boolean;
  failure: QctlError | null;
}

/** One part of maintenance of one stream: what it would do, and how to do it. */
export interface PlannedWork {
  /** `count` is right only where counting was asked for. */
  plan: StreamWork;
  /**
   * Does it. May be repeated at any time, and ends with the page in hand once the work's signal is aborted. Throws what
   * Redis answers.
   */
  run(): Promise<StreamWork>;
}

/**
 * Looks what a part would do; undefined where the configuration wants nothing of it there, or there is nothing to do it
 * to. Changes nothing. Throws what Redis answers.
 *
 * @param count false where nobody decides by the counts: going through a long list is left out then
 */
export type PreparePart = (look: StreamLook, count: boolean) => Promise<PlannedWork | undefined>;

/** A piece of work that has done nothing yet. */
export function workOf(part: StreamPart, stream: string, more: Partial<StreamWork> = {}): StreamWork {
  return {
    ...{ part, stream, group: null, count: 0, removed: 0, to: null, deadLetter: null },
    ...{
      oldestDeadAt: null,
      newestDeadAt: null,
      note: null,
      warning: null,
      left: false,
      failure: null,
      ...more,
    },
  };
}
