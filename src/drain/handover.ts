import type { Cluster, Redis } from 'ioredis';
import { compareIds, type Totals } from './totals.ts';

/** Where a drain has come to, for whoever goes on from there. */
export interface Handover {
  /** Everything enqueued before that moment was asked for, and nothing else (RFC 3339); null: everything. */
  enqueuedBefore: string | null;
  /** Id in the source of the last entry that the run has appended; null where the entry does not tell, or is gone. */
  lastId: string | null;
  /** When it was enqueued, as the entry says. */
  lastEnqueuedAt: string | null;
  /** When this was looked at, by the clock of the target (RFC 3339). */
  at: string;
  /** Stream -> the last entry that the run has appended to it. */
  entry: Record<string, string>;
}

/** Reads it from the streams; undelivered or not, the last entries are looked at one by one. */
export async function handoverOf(
  client: Redis | Cluster,
  { ranges }: Totals,
  enqueuedBefore: string | null,
): Promise<Handover | null> {
  const newest = ranges.reduce<(typeof ranges)[number] | undefined>(
    (best, range) => (!best || compareIds(range.last, best.last) > 0 ? range : best),
    undefined,
  );
  if (!newest) return null;
  const [[, flat] = ['', []]] = await client.xrange(newest.stream, newest.last, newest.last);
  const field = (name: string): string | null => {
    const at = flat.findIndex((value, i) => i % 2 === 0 && value === name);
    return at < 0 ? null : (flat[at + 1] ?? null);
  };
  const [seconds, micros] = (await client.time()) as unknown as [string, string];
  return {
    enqueuedBefore,
    lastId: field('id'),
    lastEnqueuedAt: field('enqueuedAt'),
    at: new Date(Number(seconds) * 1000 + Math.floor(Number(micros) / 1000)).toISOString(),
    entry: Object.fromEntries(ranges.map(({ stream, last }) => [stream, last])),
  };
}
