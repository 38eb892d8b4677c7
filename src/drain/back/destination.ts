import type { Finding } from '../../model/finding.ts';
import type { Message } from '../../model/message.ts';
import type { Patience } from '../../model/patience.ts';
import type { Outcome } from '../../sources/redis-stream/index.ts';

/** One entry on its way back. */
export interface Item {
  /** The stream that holds it: a partition where there are several. */
  stream: string;
  entry: string;
  message: Message;
  /** True where the message has an id of its own. */
  hasId: boolean;
  /** SHA-256 over all of the entry, cut short. */
  digest: string;
  /** Deliveries in the source and in the stream together; undefined where neither counted one. */
  attempts: number | undefined;
}

/** What a destination may do with the entries that it was given; all of it is patient, and safe to repeat. */
export interface Hand extends Patience {
  /** Notes that they are about to be sent; returns those that are still this run's. */
  begin(ids: readonly string[], unsent: ReadonlySet<string>, windowMs: number): Promise<Set<string>>;
  /** The destination has them. */
  ack(outcomes: readonly (readonly [id: string, outcome: Outcome])[]): Promise<void>;
  /** They cannot be given back. */
  leave(reasons: readonly (readonly [id: string, reason: string])[]): Promise<void>;
}

/** What a trial with entries of the stream has shown. */
export interface Trial {
  findings: Finding[];
}

/**
 * Brings the entries of one lane home. `deliver` gets them in the order of the stream and returns when each of
 * them has been acknowledged or left; it waits for as long as the destination is away. Entries may be given to
 * it again after a crash or a lost connection: `postgres` recognises them, `sqs` says which may be doubled.
 */
export interface Courier {
  deliver(items: readonly Item[], hand: Hand): Promise<void>;
  close(): Promise<void>;
}

/** Where messages go back to. Opening it changes nothing. */
export interface Destination {
  readonly kind: 'postgres' | 'sqs';
  readonly label: string;
  /** Names it for good, as the run that filled the stream did. */
  readonly identity: string;
  readonly findings: Finding[];
  /** What becomes of a message, as the plan says it. */
  readonly promise: string;
  /** Looks at what a few messages would meet. Changes nothing. */
  trial(items: readonly Item[]): Promise<Trial>;
  /** Makes what it needs, such as the ledger. */
  prepare(): Promise<void>;
  /** For one lane; lanes work side by side. */
  courier(run: string): Courier;
  /** How many messages of the run it has by its own count; null where it cannot tell. */
  count(run: string): Promise<number | null>;
  /** What the report must say of this process's part. */
  notes(): string[];
  close(): Promise<void>;
}
