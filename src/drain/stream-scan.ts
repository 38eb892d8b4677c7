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

/** The digest of a run's entries, computed in Redis page by page. */
export async function digestOfRun(
  client: Redis | Cluster,
  run: string,
  ranges: Totals['ranges'],
): Promise<Digest> {
  const digest = { ...EMPTY_DIGEST };
  for (const range of ranges) {
    for await (const [, found, low, high] of pages(client, range, run, 'digest')) {
      digest.count += Number(found);
      digest.low = (digest.low + Number(low)) % 4_294_967_296;
      digest.high = (digest.high + Number(high)) % 4_294_967_296;
    }
  }
  return digest;
}

/** The ids of a run's entries, page by page; with `sums` each with the sum of {@link sumOf}. */
export async function* idsOfRun(
  client: Redis | Cluster,
  run: string,
  ranges: Totals['ranges'],
  what: 'ids' | 'sums' = 'ids',
): AsyncGenerator<string[]> {
  for (const range of ranges) {
    for await (const [, , , , , ...ids] of pages(client, range, run, what)) yield ids;
  }
}

async function* pages(
  client: Redis | Cluster,
  range: Totals['ranges'][number],
  run: string,
  what: 'ids' | 'sums' | 'digest',
): AsyncGenerator<string[]> {
  let from = range.first;
  for (;;) {
    const reply = (await runScript(
      client,
      scanEntries,
      [range.stream],
      [from, range.last, PAGE, run, what, 'id', 'body'],
    )) as string[];
    yield reply;
    if (Number(reply[4]) < PAGE) return;
    from = `(${reply[0]}`;
  }
}
