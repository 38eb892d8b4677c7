import type { Cluster, Redis } from 'ioredis';
import { DELAYED_INDEX } from '../model/keys.ts';
import { packRows } from '../model/packed.ts';
import type { Entries } from '../transform/pack.ts';

/** The last two arguments of the scripts that append: delayed messages as `delay-rows.ts` takes them, and how many. */
export function delayedArgs(run: string, { delayed }: Entries): [rows: Buffer, count: number] {
  if (!delayed) return [Buffer.alloc(0), 0];
  const { rows, ids, dueMs } = delayed;
  const packed = ids.map((id, i) => [
    String(dueMs[i]),
    `${run}:${id}`,
    rows.data.subarray(rows.offsets[i]!, rows.offsets[i + 1]!),
  ]);
  return [packRows([], packed).data, ids.length];
}

/** How many messages of a batch wait. */
export function delayedCount({ delayed }: Entries): number {
  return delayed?.ids.length ?? 0;
}

/** So long an announcement holds. Those that are a day old may be forgotten once nothing waits any more. */
const FRESH_MS = 60_000;

/**
 * Announces streams that messages are about to wait for, so that whoever moves them finds them. The index
 * stands in another slot than the stream and cannot be written in the same step: it comes first.
 */
export class DelayedIndex {
  private readonly announced = new Map<string, number>();

  /** Whether it was done a moment ago. */
  isFresh(stream: string): boolean {
    // Not the monotonic clock: it stands still while a machine sleeps.
    const age = Date.now() - (this.announced.get(stream) ?? Number.NEGATIVE_INFINITY);
    return age >= 0 && age < FRESH_MS;
  }

  /** `nowMs` is the target's time. */
  async announce(client: Redis | Cluster, stream: string, nowMs: number): Promise<void> {
    await client.zadd(DELAYED_INDEX, 'GT', Math.round(nowMs), stream);
    this.announced.set(stream, Date.now());
  }
}
