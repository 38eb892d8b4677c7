import { crc32 } from 'node:zlib';
import type { LoadCounts } from '../result.ts';
import type { Delivery } from '../targets/target.ts';
import {
  CHUNK_SIZE,
  type Chunk,
  CONFIRMED,
  CORRUPT,
  DEAD,
  DELIVERED,
  DONE,
  DROPPED,
  FAILED,
  SENT,
} from './chunk.ts';
import { Chunks } from './chunks.ts';
import { emptyCounts } from './counts.ts';
import type { Seen, Trip } from './trip.ts';

/** Sent later than this after its time, a message is late. */
const LATE_MS = 50;

/**
 * The book of a run: what became of each message, in each group. A chunk of messages that all are settled is given
 * up, so that a long run needs no more memory than what is under way.
 */
export class Tally {
  readonly #prefix: string;
  readonly #groups: number;
  readonly #chunks: Chunks;
  /** The latest message of each key that each group has got: key by key, -1 before the first. */
  readonly #newest: Float64Array[];
  #planned = 0;
  /** All below it are settled. */
  #floor = 0;
  #unprocessed = 0;
  #counts = emptyCounts();
  /** Processed, but the target has not been heard to say that it knows: group and number as one. */
  readonly #doubts = new Set<number>();

  /**
   * @param groups 0: nothing consumes
   * @param keys how many keys there are; 0: none
   */
  constructor(run: string, groups: number, keys: number) {
    this.#prefix = `${run}-`;
    this.#groups = groups;
    this.#chunks = new Chunks(groups);
    this.#newest = Array.from({ length: groups }, () => new Float64Array(keys).fill(-1));
  }

  /** What messages are known by. */
  idOf(seq: number): string {
    return this.#prefix + seq;
  }

  /** The next message of the schedule. */
  plan(seq: number, dueMs: number, crc: number, key: number): void {
    this.#planned = seq + 1;
    const chunk = this.#chunks.make(seq);
    const at = seq % CHUNK_SIZE;
    chunk.due[at] = dueMs;
    chunk.crc[at] = crc;
    chunk.key[at] = key;
  }

  drop(seq: number): void {
    this.#counts.dropped += 1;
    const chunk = this.#chunks.of(seq)!;
    chunk.state[seq % CHUNK_SIZE]! |= DROPPED;
    chunk.settleWholly(seq % CHUNK_SIZE);
    this.#chunks.release(seq, chunk);
  }

  /** @returns its intended moment */
  sent(seq: number, atMs: number): number {
    const chunk = this.#chunks.of(seq)!;
    const at = seq % CHUNK_SIZE;
    const due = chunk.due[at]!;
    chunk.sent[at] = atMs;
    chunk.state[at]! |= SENT;
    this.#counts.sent += 1;
    if (atMs - due > LATE_MS) this.#counts.late += 1;
    return due;
  }

  /** @returns its times; undefined where nobody asks for them any more */
  confirmed(seq: number, atMs: number): Trip | undefined {
    this.#counts.confirmed += 1;
    const chunk = this.#chunks.of(seq);
    if (!chunk) return undefined;
    const at = seq % CHUNK_SIZE;
    chunk.state[at]! |= CONFIRMED;
    chunk.stored[at] = atMs;
    const trip = { dueMs: chunk.due[at]!, sentMs: chunk.sent[at]!, storedMs: atMs };
    this.#unprocessed += this.#groups === 0 ? 0 : chunk.left[at]!;
    if (this.#groups === 0) this.#settle(seq, chunk);
    return trip;
  }

  failed(seq: number): void {
    this.#counts.failed += 1;
    this.#counts.errors += 1;
    const chunk = this.#chunks.of(seq);
    if (!chunk) return;
    chunk.state[seq % CHUNK_SIZE]! |= FAILED;
    if (this.#groups === 0) this.#settle(seq, chunk);
  }

  /** Nobody waits for confirmations any more: what has none has failed. @returns how many these are */
  endConfirming(): number {
    const { confirmed, failed, dropped } = this.#counts;
    const open = Math.max(0, this.#planned - confirmed - failed - dropped);
    this.#counts.failed += open;
    return open;
  }

  error(): void {
    this.#counts.errors += 1;
  }

  /** Judges what a group has got. */
  delivered(group: number, { id, body, attempt }: Delivery): Seen {
    this.#counts.delivered += 1;
    const seq = this.#seqOf(id);
    if (seq < 0) {
      this.#counts.foreign += 1;
      return { seq, times: 1 };
    }
    const chunk = this.#chunks.of(seq);
    if (!chunk) return { seq, times: 15 };
    const at = seq % CHUNK_SIZE;
    const cell = chunk.cell(at, group);
    if ((chunk.groups[cell]! & CORRUPT) === 0 && crc32(body) !== chunk.crc[at]) {
      chunk.groups[cell]! |= CORRUPT;
      this.#counts.corrupted += 1;
    }
    if ((chunk.groups[cell]! & DELIVERED) === 0) this.#firstDelivery(group, seq, chunk, cell);
    else if ((chunk.groups[cell]! & (DONE | DEAD)) === 0 && attempt !== 1) this.#counts.redelivered += 1;
    return { seq, times: chunk.countDelivery(cell) };
  }

  /** @returns its times where the group has processed it for the first time */
  processed(group: number, seq: number): Trip | undefined {
    if (seq < 0) return undefined;
    this.#counts.processed += 1;
    const chunk = this.#chunks.of(seq);
    const at = seq % CHUNK_SIZE;
    if (!chunk || chunk.groups[chunk.cell(at, group)]! & (DONE | DEAD)) {
      this.#counts.doubled += 1;
      return undefined;
    }
    this.#finish(seq, chunk, group, DONE);
    return { dueMs: chunk.due[at]!, sentMs: chunk.sent[at]!, storedMs: chunk.stored[at]! };
  }

  /** It was processed, and whether the target knows is not known: it may come again. */
  doubted(group: number, seq: number): void {
    const chunk = seq < 0 ? undefined : this.#chunks.of(seq);
    if (chunk && (chunk.groups[chunk.cell(seq % CHUNK_SIZE, group)]! & (DONE | DEAD)) === 0)
      this.#doubts.add(seq * this.#groups + group);
  }

  /** There is nothing more to be got: the target has known of what was doubted. */
  resolveDoubts(): void {
    for (const doubt of this.#doubts) this.processed(doubt % this.#groups, Math.floor(doubt / this.#groups));
  }

  buried(group: number, seq: number): void {
    this.#counts.deadLettered += 1;
    const chunk = seq < 0 ? undefined : this.#chunks.of(seq);
    if (!chunk || chunk.groups[chunk.cell(seq % CHUNK_SIZE, group)]! & (DONE | DEAD)) return;
    this.#finish(seq, chunk, group, DEAD);
  }

  /** Confirmed, and not processed by a group: how many times that is so. */
  get unprocessed(): number {
    return this.#unprocessed;
  }

  get planned(): number {
    return this.#planned;
  }

  /** Whether all messages below `seq` are processed, or were not confirmed. */
  settledBelow(seq: number): boolean {
    while (this.#floor < seq && this.#isSettled(this.#floor)) this.#floor += 1;
    return this.#floor >= seq;
  }

  /** @param emptied whether there is nothing more to be got: what is missing then is lost */
  counts(emptied: boolean): LoadCounts {
    const missing = this.#unprocessed;
    if (this.#groups === 0) return { ...this.#counts, planned: this.#planned, lost: null, unprocessed: 0 };
    return {
      ...this.#counts,
      planned: this.#planned,
      lost: emptied || missing === 0 ? missing : null,
      unprocessed: emptied ? 0 : missing,
    };
  }

  #firstDelivery(group: number, seq: number, chunk: Chunk, cell: number): void {
    chunk.groups[cell]! |= DELIVERED;
    const key = chunk.key[seq % CHUNK_SIZE]!;
    if (key < 0) return;
    const newest = this.#newest[group]!;
    if (seq < newest[key]!) this.#counts.outOfOrder += 1;
    else newest[key] = seq;
  }

  #finish(seq: number, chunk: Chunk, group: number, how: number): void {
    const at = seq % CHUNK_SIZE;
    if (this.#doubts.size > 0) this.#doubts.delete(seq * this.#groups + group);
    chunk.groups[chunk.cell(at, group)]! |= how;
    if (chunk.state[at]! & CONFIRMED) this.#unprocessed -= 1;
    this.#settle(seq, chunk);
  }

  #settle(seq: number, chunk: Chunk): void {
    chunk.settle(seq % CHUNK_SIZE);
    this.#chunks.release(seq, chunk);
  }

  #isSettled(seq: number): boolean {
    const chunk = this.#chunks.of(seq);
    if (!chunk) return seq < this.#planned;
    const at = seq % CHUNK_SIZE;
    return chunk.left[at] === 0 || (chunk.state[at]! & FAILED) !== 0;
  }

  #seqOf(id: string): number {
    if (!id.startsWith(this.#prefix)) return -1;
    const digits = id.slice(this.#prefix.length);
    const seq = /^\d{1,15}$/.test(digits) ? Number(digits) : -1;
    return seq < this.#planned ? seq : -1;
  }
}
