import { randomBytes } from 'node:crypto';
import { type RedisConnection, runScript } from '../backends/redis/index.ts';
import { moveDue } from '../backends/redis/scripts/move-due.ts';
import { streamKeys } from '../model/keys.ts';
import { page, type Work } from './work.ts';

/** Messages, and bytes, that one step moves: Redis does nothing else meanwhile. */
const PAGE = 500;
const PAGE_BYTES = 2 * 1024 * 1024;

/** What one step has done, and what is left. */
export interface MovedPage {
  moved: number;
  payloadBytes: number;
  /** They waited and their content was gone: evicted, or deleted by hand. */
  lost: number;
  waiting: number;
  /** When the next one is due, in ms since 1970; null where none waits. */
  nextDueMs: number | null;
  /** The server's clock. */
  nowMs: number;
}

/** Moves what is due into one stream, step by step. Any number of these may be at work on it at once. */
export class DueMover {
  readonly stream: string;
  private readonly redis: RedisConnection;
  private readonly maxLen: string;
  private readonly keys: string[];
  private number = 0;

  /** @param maxLen entries that the stream keeps, about; undefined: all */
  constructor(redis: RedisConnection, stream: string, maxLen?: number) {
    this.redis = redis;
    this.stream = stream;
    this.maxLen = maxLen === undefined ? '' : String(maxLen);
    const keys = streamKeys(stream);
    const log = keys.operation(randomBytes(8).toString('hex'));
    this.keys = [keys.delayed, keys.delayedEntries, keys.delayedCounts, stream, log];
  }

  /**
   * One step; there may be more that is due. A step whose reply was lost is sent again and counts what it
   * had moved. Throws as `page` does.
   */
  async step(work: Work): Promise<MovedPage> {
    const number = this.number + 1;
    const args = [number, PAGE, PAGE_BYTES, this.maxLen];
    const doing = `move what is due into stream ${this.stream}`;
    const [moved, payloadBytes, lost, next, waiting, now] = (await page(this.redis, work, doing, () =>
      runScript(this.redis.client, moveDue, this.keys, args),
    )) as [number, number, number, string, number, string];
    // Only now: a step that has failed may have been done, and is told of it when it is sent again.
    this.number = number;
    const nextDueMs = next === '' ? null : Number(next);
    return { moved, payloadBytes, lost, waiting, nextDueMs, nowMs: Number(now) };
  }

  /** Forgets what it had noted in Redis for the case of a lost reply. */
  async close(): Promise<void> {
    if (this.number > 0) await this.redis.client.del(this.keys.at(-1)!).catch(() => 0);
  }
}

/** Whether more is due already. */
export function moreIsDue({ nextDueMs, nowMs, moved, lost }: MovedPage): boolean {
  return moved + lost > 0 && nextDueMs !== null && nextDueMs <= nowMs;
}
