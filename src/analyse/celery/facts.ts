import type { Figure } from '../figure.ts';

/** What is known of a queue of Celery. Unknown is null; times are RFC 3339. */
export interface CelerySourceFacts {
  kind: 'celery';
  label: string;
  queue: string;
  /** Number of the broker's database. */
  database: number;
  serverVersion: string | null;
  /** All lists of the queue that hold something, the one that is served first comes first. */
  lists: { priority: number; ready: number }[];
  /** In the queue; those with an eta or past their expiry among them. */
  ready: Figure;
  /** Of these, not due yet. */
  scheduled: Figure;
  /** Of these, past their expiry: a worker would throw them away. */
  expired: Figure;
  /** With workers and not acknowledged; null where there are too many to look at. */
  unacked: number | null;
  /** Of these, held by a worker until their eta. */
  unackedWaiting: number | null;
  /** When the oldest of them was given to its worker. */
  oldestUnackedAt: string | null;
  oldestUnackedAgeMs: number | null;
  /** Clients that wait for messages in this database; null where that may not be asked. */
  workersWaiting: number | null;
  /** Bodies as the producer gave them to kombu. */
  p50BodyBytes: number | null;
  p99BodyBytes: number | null;
  maxBodyBytes: number | null;
  /** Whole envelopes, on average. */
  averageBytes: number | null;
  /** In how many messages all this was found. */
  messagesSeen: number;
  /** By how much the queue grows, messages a second, less than zero where it shrinks; null where it was looked at once. */
  growthPerSecond: number | null;
  observedMs: number | null;
  aofEnabled: boolean | null;
  rdbSave: string | null;
  maxmemoryPolicy: string | null;
}
