/** One message on its way. */
export interface Outgoing {
  /** From 0, in the order of the schedule. */
  seq: number;
  /** `RUN-SEQ`: what its copies are known by. */
  id: string;
  /** Messages of one key are sent, one after the other, by one producer. */
  key: string | null;
  body: Buffer;
}

/** What producers tell, at most once for each message and kind; `atMs` is `performance.now()`. */
export interface ProducerEvents {
  /** It was handed to the connection: written, or its request was begun. */
  sent(seq: number, atMs: number): void;
  /** The target has confirmed it. */
  confirmed(seq: number, atMs: number): void;
  /** It is not known to be there. It may be, all the same. */
  failed(seq: number, why: Error): void;
}

/** One connection that sends. It connects again by itself, and never throws while it works. */
export interface Producer {
  /** Takes messages over, in order. They wait here while `inFlight` of the profile are unconfirmed. */
  send(messages: readonly Outgoing[]): void;
  /** Messages that were handed over and have neither been confirmed nor failed. */
  readonly open: number;
  /** Breaks the connection, as a network does. */
  cut(): void;
  /** What is still open fails. */
  close(): Promise<void>;
}

/** One message as a consumer gets it. */
export interface Delivery {
  /** As in {@link Outgoing}; anything at all where the target has damaged it, or it is somebody else's. */
  id: string;
  body: Buffer;
  /** Which delivery of this message it is, from 1, as the target counts them; null where it does not say. */
  attempt: number | null;
  /** What the target knows it by. */
  token: string;
}

/** One consumer of one group, with a connection of its own. It connects again by itself. */
export interface Consumer {
  /** Whether the next `take` may begin before `done` has ended. Absent: it may not. */
  readonly pipelined?: boolean;
  /**
   * At most `count` messages; waits up to `waitMs` for the first one. What another consumer has held for longer than
   * `claimAfterMs` of the profile comes back here, too. Rejects where the connection fails: may be called again.
   */
  take(count: number, waitMs: number): Promise<Delivery[]>;
  /** Tells that they are processed. Rejects where that is not known. */
  done(deliveries: readonly Delivery[]): Promise<void>;
  /** Puts them to the dead letters of the run and tells that they are done with. */
  bury(deliveries: readonly Delivery[]): Promise<void>;
  /** Breaks the connection, as a network does. */
  cut(): void;
  /** Ends at once, as if its process was killed: nothing in hand is given back. What `take` waits for rejects. */
  kill(): void;
  close(): Promise<void>;
}

/** How the target stands. Null: not known, never 0. */
export interface BackendSample {
  /** Messages that are there, processed ones that stay included (entries of a stream, rows of a table). */
  length: number | null;
  /** Messages that no consumer of the slowest group has got yet. */
  lag: number | null;
  /** Messages in the hands of consumers, of the fullest group. */
  pending: number | null;
  /** Used by the server as a whole. */
  memoryBytes: number | null;
  /** Of what the server may use, 0 to 1; null where there is no limit. */
  memoryShare: number | null;
  /** Used by the queue alone. */
  queueBytes: number | null;
  /** Seconds of CPU that the server has used since it was started. */
  cpuSeconds: number | null;
}

/**
 * A backend under test. The run calls `prepare` once, then opens producers and consumers, and calls `close` in the
 * end, whatever has happened. Each rejects with a QctlError that names the target.
 */
export interface LoadTarget {
  readonly kind: 'redis' | 'sqs' | 'postgres' | 'http';
  /** Server, without secrets. */
  readonly label: string;
  /** Stream, queue, table or URL. */
  readonly name: string;
  /** Server and version, of the fingerprint: `redis 7.0.15`; null where it does not say. */
  readonly version: string | null;
  /** Whether what was made for the run is taken away with it. */
  readonly own: boolean;
  /** How many groups get each message; 0: nothing can be consumed. */
  readonly groups: number;
  /** Whether a group gets messages of one key in the order in which they were sent. */
  readonly ordered: boolean;
  /** Makes what is its own. Refuses (`refused` TARGET_NOT_EMPTY) a foreign queue with messages in it unless told. */
  prepare(): Promise<void>;
  producer(at: number, events: ProducerEvents): Promise<Producer>;
  /** @param name of the consumer, unique in the run */
  consumer(group: number, name: string): Promise<Consumer>;
  /** Rejects where the server does not answer. */
  sample(): Promise<BackendSample>;
  /** Holds the whole server for that long, for everybody; absent where that cannot be done. */
  pause?(ms: number): Promise<void>;
  /** Called about once a second while it runs: keeps what is its own alive, and takes away what is processed. */
  tend?(): Promise<void>;
  /** Takes away what the run has made. May be called where `prepare` has failed. */
  close(): Promise<void>;
}
