import type { PendingReport, StreamDetail } from '../streams/index.ts';
import type { Snapshot } from './snapshot.ts';

/** What the newest look gave. */
export interface Seen {
  /** Null until a look has succeeded once. */
  snapshot: Snapshot | null;
  /** Since when, and why, nothing newer can be had; null while looks succeed. */
  away: { since: string; why: string } | null;
}

/** A number over time: pairs of the same length, the oldest first. */
export interface Series {
  /** Ms since 1970. */
  at: number[];
  /** By the name of the number: `length`, `inPerSecond`; null where it was not known. */
  values: Record<string, (number | null)[]>;
}

/** One message as somebody opens it. */
export interface OpenedLetter {
  /** The dead-letter stream that it lies in. */
  stream: string;
  id: string;
  /**
   * Those of the original entry; of those that are no UTF-8 `base64` holds the names, and the text is base64. A name
   * that stands there several times is numbered from the second on: `tag`, `tag (2)`.
   */
  fields: Record<string, string>;
  base64: string[];
  /** Names of fields that are longer than what is shown. In a list fields end after 1 KiB. */
  cut: string[];
  /** Names and values of the original entry. In a list one of more than 64 KiB comes without fields. */
  payloadBytes: number;
  reason: string | null;
  diedAt: string | null;
  deliveries: number | null;
}

/**
 * Looks at everything once an interval, whatever the number of those who want to know, and remembers numbers over
 * time. `subscribe` tells of each look, also of one that failed. Details are looked at when asked for, and at most
 * once an interval for the same thing. Throws what Redis answers (`target`), STREAM_MISSING, REDIS_NOGROUP. A lost
 * connection ends nothing: looks fail until it is back.
 */
export interface Overview {
  seen(): Seen;
  /** Resolves with the first look, or its failure. */
  first(): Promise<Seen>;
  /** @returns ends it */
  subscribe(listener: (seen: Seen) => void): () => void;
  /** Of a stream. Undefined where nothing is remembered of it. */
  streamHistory(stream: string): Series | undefined;
  /** Of the server: memory, clients, operations, hit ratio. */
  redisHistory(): Series;
  stream(stream: string): Promise<StreamDetail[]>;
  pending(stream: string, group: string): Promise<PendingReport>;
  /** The newest dead letters of a dead-letter stream, or of the stream whose they are. */
  deadLetters(stream: string, count: number): Promise<OpenedLetter[]>;
  /** With its whole body, up to 1 MiB of each field. Undefined where there is none of that id. */
  deadLetter(stream: string, id: string): Promise<OpenedLetter | undefined>;
  close(): Promise<void>;
}

/** How {@link Overview} looks. */
export interface OverviewOptions {
  /** Default 1 s. Looks that take long make it longer: no more than a fifth of the time is spent on them. */
  intervalMs?: number;
  /** Streams that are looked at. Default 2000. */
  maxStreams?: number;
  /** Pattern of the streams that are looked at. Default: all. */
  match?: string;
  /** Points that are remembered of each number. Default 900. */
  points?: number;
  /** Ask for the memory of each stream, too. Default false: it costs Redis more. */
  memory?: boolean;
}
