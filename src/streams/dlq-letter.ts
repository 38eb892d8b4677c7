import { isUtf8 } from 'node:buffer';
import { type EntryNames, streamSettings } from '../config/streams.ts';
import { streamIdTimeMs } from '../model/stream-id.ts';
import type { DeadLetterStream } from './dead-letters.ts';

/** What is known of a dead letter without its body; null is what nobody has noted. */
export interface DeadLetter {
  /** The dead-letter stream. */
  stream: string;
  id: string;
  /** What qctl made begins with fields of its own; the others are read as the configuration says. */
  madeBy: 'qctl' | 'other';
  reason: string | null;
  originalStream: string | null;
  originalId: string | null;
  group: string | null;
  consumer: string | null;
  deliveries: number | null;
  firstSeenAt: string | null;
  lastDeliveredAt: string | null;
  /** RFC 3339; of letters that others made the time of their id. */
  deadAt: string | null;
  messageType: string | null;
  priority: string | null;
  correlationId: string | null;
  retryCount: number | null;
  /** Names and values of the original entry. */
  payloadBytes: number;
}

/** The fields that qctl puts before those of the original entry. */
const OWN_NAMES = [
  'dlq.reason',
  'dlq.stream',
  'dlq.id',
  'dlq.group',
  'dlq.consumer',
  'dlq.deliveries',
  'dlq.firstSeenAt',
  'dlq.lastDeliveredAt',
  'dlq.deadAt',
];

/** Values are cut to this: a reason may be a stack trace. */
export const MOST_VALUE_BYTES = 512;

/** The names of fields to be read. */
export interface PeekNames {
  own: readonly string[];
  others: readonly string[];
}

/** The reply of the script for one entry: id, `1` where qctl made it, bytes, then a value for each name. */
export type PeekRow = [id: Buffer, own: Buffer, bytes: number, ...values: (Buffer | null)[]];

/** Reads dead letters of one stream from what the script tells of them. */
export interface LetterReader {
  /** What the script is to look for: all names under which something stands that a {@link DeadLetter} tells. */
  names: PeekNames;
  read(row: PeekRow): DeadLetter;
}

/** Each letter is read in the terms of the stream that it comes from. */
export function letterReader(dead: DeadLetterStream): LetterReader {
  const names = peekNames(dead);
  const places = new Map([...names.own, ...names.others].map((name, at) => [name, at + 3] as const));
  const entries = new Map<string, EntryNames>();
  const entryOf = (stream: string): EntryNames => {
    let entry = entries.get(stream);
    if (!entry) {
      if (entries.size >= MOST_REMEMBERED) entries.clear();
      entry = streamSettings(dead.streams, stream).entry;
      entries.set(stream, entry);
    }
    return entry;
  };
  return { names, read: (row) => toDeadLetter(dead, row, entryOf, places) };
}

const MOST_REMEMBERED = 1000;

function peekNames({ owners, streams }: DeadLetterStream): PeekNames {
  const entries = [
    ...owners.map(({ entry }) => entry),
    ...Object.keys(streams).map((name) => streamSettings(streams, name).entry),
    streamSettings({}, '').entry,
  ];
  const others = entries.flatMap(({ body: _body, ...names }) => Object.values(names));
  return { own: OWN_NAMES, others: [...new Set(others)] };
}

function toDeadLetter(
  dead: DeadLetterStream,
  row: PeekRow,
  entryOf: (stream: string) => EntryNames,
  places: ReadonlyMap<string, number>,
): DeadLetter {
  const [rawId, own, payloadBytes] = row;
  const id = rawId.toString('latin1');
  const byQctl = own.length > 0;
  const bytesOf = (name: string): Buffer | null =>
    (row[places.get(name)!] as Buffer | null | undefined) ?? null;
  const header = (name: string): string | null => toText(bytesOf(name));
  const originalStream = toKey(bytesOf('dlq.stream')) ?? (byQctl ? null : originOf(dead, bytesOf));
  const entry = entryOf(originalStream ?? dead.home ?? '');
  const field = (role: keyof EntryNames): string | null => toText(bytesOf(entry[role]));
  return {
    stream: dead.stream,
    id,
    madeBy: byQctl ? 'qctl' : 'other',
    reason: header('dlq.reason') ?? (byQctl ? null : field('reason')),
    originalStream,
    originalId: header('dlq.id'),
    group: header('dlq.group'),
    consumer: header('dlq.consumer'),
    deliveries: toCount(header('dlq.deliveries')),
    firstSeenAt: toTime(header('dlq.firstSeenAt')),
    lastDeliveredAt: toTime(header('dlq.lastDeliveredAt')),
    deadAt: toTime(header('dlq.deadAt')) ?? timeOfId(id),
    messageType: field('type'),
    priority: field('priority'),
    correlationId: field('correlationId'),
    retryCount: toCount(field('retryCount')),
    payloadBytes,
  };
}

/** What another program has noted under the name that the configuration gives. */
function originOf({ owners }: DeadLetterStream, bytesOf: (name: string) => Buffer | null): string | null {
  const names = owners.map(({ entry }) => entry.originalStream);
  const all = names.length > 0 ? names : [streamSettings({}, '').entry.originalStream];
  for (const name of all) {
    const found = toKey(bytesOf(name));
    if (found !== null) return found;
  }
  return null;
}

function toText(bytes: Buffer | null): string | null {
  if (bytes === null) return null;
  const text = bytes.toString('utf8');
  // The cut may have gone through a character.
  return bytes.length < MOST_VALUE_BYTES ? text : text.replace(/\ufffd$/, '');
}

/** The name of a key must be known whole, byte for byte: something is written there. */
function toKey(bytes: Buffer | null): string | null {
  if (bytes === null || bytes.length === 0 || bytes.length >= MOST_VALUE_BYTES || !isUtf8(bytes)) return null;
  return bytes.toString('utf8');
}

function toCount(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

function toTime(text: string | null): string | null {
  return text !== null && /^\d{4}-\d{2}-\d{2}T/.test(text) && !Number.isNaN(Date.parse(text)) ? text : null;
}

function timeOfId(id: string): string | null {
  const ms = streamIdTimeMs(id);
  return ms === null ? null : new Date(ms).toISOString();
}

/** Since it died, never below 0; null where nobody knows when that was. */
export function deadLetterAgeMs({ deadAt }: Pick<DeadLetter, 'deadAt'>, nowMs: number): number | null {
  return deadAt === null ? null : Math.max(0, nowMs - Date.parse(deadAt));
}
