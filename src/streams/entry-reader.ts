import type { RedisConnection } from '../backends/redis/index.ts';
import type { StreamEntry } from '../model/entry.ts';
import { pairsOf } from './pending-entries.ts';
import { page, type Work } from './work.ts';

/** A page holds about this much, so that bodies of 1 MB come a few at a time. */
const PAGE_BYTES = 2_000_000;
const FIRST_PAGE = 8;
const LARGEST_PAGE = 64;

/** Reads one stream forward, a page at a time, with XRANGE: nobody else notices. */
export class EntryReader {
  readonly stream: string;
  /** False once a page came short: nothing more was there then. */
  mayHaveMore = true;
  readonly #redis: RedisConnection;
  readonly #work: Work;
  #from: string;
  readonly #to: string;
  #size = FIRST_PAGE;
  #askedAt = 0;

  /**
   * @param from id, with `(` where exclusive
   * @param to last id that is read; `+` for all that will ever come
   */
  constructor(redis: RedisConnection, work: Work, stream: string, from: string, to: string) {
    this.stream = stream;
    this.#redis = redis;
    this.#work = work;
    this.#from = from;
    this.#to = to;
  }

  /** The next entries; none at the end. Waits for a Redis that is away. */
  async next(): Promise<StreamEntry[]> {
    const size = this.#size;
    this.#askedAt = performance.now();
    const reply = await page(this.#redis, this.#work, `read stream ${this.stream}`, () =>
      this.#redis.client.callBuffer('XRANGE', this.stream, this.#from, this.#to, 'COUNT', size),
    );
    const entries = (reply as [Buffer, Buffer[]][]).map(
      ([id, flat]): StreamEntry => ({ id: id.toString(), fields: pairsOf(flat) }),
    );
    this.mayHaveMore = entries.length === size;
    if (entries.length > 0) this.#from = `(${entries.at(-1)!.id}`;
    this.#size = nextSize(size, entries);
    return entries;
  }

  /** Where it was last asked so long ago, something may have been added. */
  wake(afterMs: number): void {
    if (performance.now() - this.#askedAt >= afterMs) this.mayHaveMore = true;
  }
}

/** Doubles while pages stay small. */
function nextSize(size: number, entries: readonly StreamEntry[]): number {
  if (entries.length === 0) return size;
  const bytes = entries.reduce((sum, { fields }) => sum + bytesOf(fields), 0);
  const fits = Math.floor(PAGE_BYTES / Math.max(1, bytes / entries.length));
  return Math.max(1, Math.min(size * 2, fits, LARGEST_PAGE));
}

function bytesOf(fields: StreamEntry['fields']): number {
  return fields.reduce((sum, [name, value]) => sum + name.length + value.length, 0);
}
