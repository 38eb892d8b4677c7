import { createHash } from 'node:crypto';
import type { Cluster, Redis } from 'ioredis';
import { runScript } from '../backends/redis/script.ts';
import { scanEntries } from '../backends/redis/scripts/scan-entries.ts';
import type { Totals } from './totals.ts';

const PAGE = 1000;

/** Count and order-independent sum over (id, body). Two sets that differ have the same one by chance once in 2^64. */
export interface Digest {
  count: number;
  low: number;
  high: number;
}

export const EMPTY_DIGEST: Digest = { count: 0, low: 0, high: 0 };

/** `id sum` of one message, as the script in the target makes it. */
export function sumOf(id: Buffer, body: Buffer): string {
  return `${id.toString()} ${createHash('sha1').update(id).update('\0').update(body).digest('hex')}`;
}

/** Adds one message; as the script in the target does it. */
export function addToDigest(digest: Digest, id: Buffer, body: Buffer): void {
  const hash = createHash('sha1').update(id).update('\0').update(body).digest();
  digest.count += 1;
  digest.low = (digest.low + hash.readUInt32BE(0)) % 4_294_967_296;
  digest.high = (digest.high + hash.readUInt32BE(4)) % 4_294_967_296;
}

export function sameDigest(a: Digest, b: Digest): boolean {
  return a.count === b.count && a.low === b.low && a.high === b.high;
}

/** `count:hex`, for people to compare. */
export function digestText(digest: Digest): string {
  const hex = (word: number): string => word.toString(16).padStart(8, '0');
  return `${digest.count}:${hex(digest.high)}${hex(digest.low)}`;
}

/** One page of a scan: of entries in the stream, or of messages that wait. */
export interface ScannedPage {
  where: 'stream' | 'waiting';
  count: number;
  low: number;
  high: number;
  /** What was asked for: ids, or ids with sums; empty for a digest. */
  ids: string[];
}

/** What a scan asks of each message: its id, the line of {@link sumOf}, or its share of a digest. */
export type Asked = 'ids' | 'sums' | 'digest';

/** Adds a page, or the line of {@link sumOf} of one message. */
export function addSums(
  digest: Digest,
  { count, low, high }: Pick<ScannedPage, 'count' | 'low' | 'high'>,
): void {
  digest.count += count;
  digest.low = (digest.low + low) % 4_294_967_296;
  digest.high = (digest.high + high) % 4_294_967_296;
}

/** The run's entries between two ids of a stream, page by page; bodies stay in Redis. */
export async function* scanStream(
  client: Redis | Cluster,
  range: Totals['ranges'][number],
  run: string,
  what: Asked,
): AsyncGenerator<ScannedPage> {
  let from = range.first;
  for (;;) {
    const [last, count, low, high, seen, ...ids] = (await runScript(
      client,
      scanEntries,
      [range.stream],
      [from, range.last, PAGE, run, what, 'id', 'body'],
    )) as string[];
    yield { where: 'stream', count: Number(count), low: Number(low), high: Number(high), ids };
    if (Number(seen) < PAGE) return;
    from = `(${last}`;
  }
}
