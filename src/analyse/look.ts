import type { Batch } from '../model/batch.ts';
import type { Finding } from '../model/finding.ts';
import type { Figure } from './figure.ts';

/** How an analysis looks. Nothing of it changes anything. */
export interface LookOptions {
  /** Looks twice, so long apart, and tells what has changed meanwhile; 0: once. */
  observeMs: number;
  /** SQS: how many messages to receive and give back; 0: none. Postgres samples anyway. */
  sample: number;
  /** Ends the wait of an observation. */
  signal?: AbortSignal;
}

/** What an analysis has found out about a source; the forecast is made of it. */
export interface SourceLook<Facts> {
  /** As shown: without a password. */
  label: string;
  /** Plain data for people and JSON. */
  facts: Facts;
  findings: Finding[];
  /** Ready to be drained now. */
  backlog: Figure;
  /** Messages a second that come in, and that others take out; null where it cannot be seen. */
  arrivalPerSecond: number | null;
  completionPerSecond: number | null;
  /** Enqueued when (RFC 3339): the oldest ready message; null where it is not known. */
  oldestAt: string | null;
  /** By type, the most frequent first; null where the source tells no types. */
  types: TypeCounts[] | null;
  /** Messages as a drain would read them, of all parts of the source; empty where none could be had. */
  sample: Batch[];
  /** What of a message or of the source does not arrive in the stream, each as a sentence. */
  notCarried: string[];
}

/** How many messages of one type there are. */
export interface TypeCounts {
  /** Null: messages without a type. */
  type: string | null;
  ready: Figure;
  /** With a worker now. */
  running: Figure;
  /** Not due yet. */
  scheduled: Figure;
  /** Given up by the source's workers. */
  dead: Figure;
  oldestAt: string | null;
  /** Mean number of attempts so far of the ready ones; null where the source does not count them. */
  attempts: number | null;
}
