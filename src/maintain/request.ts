import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamConfig } from '../config/schema.ts';
import type { LEASE_MS, Operator } from './lock.ts';
import type { Part } from './parts.ts';

/** The whole of maintenance ends after this, where nothing else is said: cron comes once a minute. */
export const BUDGET_MS = 50_000;
/** A consumer that was not seen for longer is dead, where nothing else is said. */
export const REAP_AFTER_MS = 3_600_000;

/** What is to be looked after, and for how long. */
export interface MaintainRequest {
  redis: RedisConnection;
  /** The conventions of all streams. */
  streams: Record<string, StreamConfig>;
  parts: ReadonlySet<Part>;
  /** This stream alone, its partitions included, or the streams of this pattern. */
  named?: string;
  /** Default {@link REAP_AFTER_MS}. */
  reapAfterMs?: number;
  /** Of all parts together. Default {@link BUDGET_MS}. */
  budgetMs?: number;
  operator: Operator;
  /** For how long the lock stays with a holder that says nothing. Default {@link LEASE_MS}. */
  leaseMs?: number;
}

/** How maintenance tells what it does, and is ended early. */
export interface MaintainEvents {
  /** Aborted by an operator: ends with the page in hand. */
  signal: AbortSignal;
  /** Why Redis is waited for; null when it is back. */
  waiting(who: string, reason: string | null): void;
  /** What it is at, a clause: `trim orders`. */
  doing?(text: string): void;
  /** What was left out since this user may not look at it. */
  leftOut?(what: string): void;
}
