import type { RedisConnection } from '../../../backends/redis/index.ts';
import type { Outgoing, Producer, ProducerEvents } from '../target.ts';
import { XaddEncoder } from './encode.ts';
import { Pipe } from './pipe.ts';
import { ReplyReader } from './reply-reader.ts';

/** So many bytes are unconfirmed at most, whatever the number of messages says. */
const MOST_BYTES = 64 * 1024 * 1024;
/** Messages are gathered into writes of about this size. */
const WRITE_BYTES = 64 * 1024;
/** What waits for a connection fails after that: the server is away. */
const AWAY_MS = 1000;

/** Sends by pipelined XADD, a call a message. */
export class PipeProducer implements Producer {
  readonly #pipe: Pipe;
  readonly #encoder: XaddEncoder;
  readonly #events: ProducerEvents;
  readonly #inFlight: number;
  #waiting: Outgoing[] = [];
  #waitingFrom = 0;
  /** Written and not answered: seq and size, in order, in rings. */
  readonly #seqs: Float64Array;
  readonly #sizes: Uint32Array;
  #first = 0;
  #flying = 0;
  #flyingBytes = 0;
  #giveUp: NodeJS.Timeout | undefined;
  #closed = false;

  constructor(connection: RedisConnection, stream: string, inFlight: number, events: ProducerEvents) {
    this.#encoder = new XaddEncoder(stream);
    this.#events = events;
    this.#inFlight = inFlight;
    this.#seqs = new Float64Array(inFlight);
    this.#sizes = new Uint32Array(inFlight);
    this.#pipe = new Pipe(connection, {
      reader: () => new ReplyReader((error) => this.#answered(error)),
      lost: () => this.#lost(),
      up: () => this.#back(),
    });
  }

  get open(): number {
    return this.#waiting.length - this.#waitingFrom + this.#flying;
  }

  send(messages: readonly Outgoing[]): void {
    for (const message of messages) this.#waiting.push(message);
    this.#pump();
  }

  cut(): void {
    this.#pipe.cut();
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#giveUp);
    await this.#pipe.close();
  }

  #pump(): void {
    if (!this.#pipe?.up) return;
    while (this.#waitingFrom < this.#waiting.length && this.#hasRoom()) this.#writeSome();
    if (this.#waitingFrom === this.#waiting.length) {
      this.#waiting = [];
      this.#waitingFrom = 0;
    } else if (this.#waitingFrom > 100_000) {
      this.#waiting = this.#waiting.slice(this.#waitingFrom);
      this.#waitingFrom = 0;
    }
  }

  #hasRoom(): boolean {
    return this.#flying < this.#inFlight && (this.#flying === 0 || this.#flyingBytes < MOST_BYTES);
  }

  #writeSome(): void {
    let bytes = 0;
    let end = this.#waitingFrom;
    while (
      end < this.#waiting.length &&
      bytes < WRITE_BYTES &&
      this.#flying + end - this.#waitingFrom < this.#inFlight
    )
      bytes += this.#encoder.sizeOf(this.#waiting[end++]!);
    const buffer = Buffer.allocUnsafe(bytes);
    let at = 0;
    const now = performance.now();
    for (; this.#waitingFrom < end; this.#waitingFrom += 1) {
      const message = this.#waiting[this.#waitingFrom]!;
      const next = this.#encoder.write(message, buffer, at);
      this.#launch(message.seq, next - at, now);
      at = next;
    }
    this.#pipe.write(buffer.subarray(0, at));
  }

  #launch(seq: number, size: number, now: number): void {
    const slot = (this.#first + this.#flying) % this.#inFlight;
    this.#seqs[slot] = seq;
    this.#sizes[slot] = size;
    this.#flying += 1;
    this.#flyingBytes += size;
    this.#events.sent(seq, now);
  }

  #answered(error: string | undefined): void {
    if (this.#flying === 0 || this.#closed) return;
    const seq = this.#land();
    if (error === undefined) this.#events.confirmed(seq, performance.now());
    else this.#events.failed(seq, new Error(error));
    if (this.#waitingFrom < this.#waiting.length && this.#flying <= this.#inFlight / 2) this.#pump();
  }

  #land(): number {
    const seq = this.#seqs[this.#first]!;
    this.#flyingBytes -= this.#sizes[this.#first]!;
    this.#first = (this.#first + 1) % this.#inFlight;
    this.#flying -= 1;
    return seq;
  }

  #lost(): void {
    if (this.#closed) return;
    const why = new Error('the connection was lost');
    while (this.#flying > 0) this.#events.failed(this.#land(), why);
    this.#giveUp = setInterval(() => this.#failWaiting(why), AWAY_MS);
    this.#giveUp.unref();
  }

  #failWaiting(why: Error): void {
    const waiting = this.#waiting.slice(this.#waitingFrom);
    this.#waiting = [];
    this.#waitingFrom = 0;
    for (const { seq } of waiting) this.#events.failed(seq, why);
  }

  #back(): void {
    clearInterval(this.#giveUp);
    this.#pump();
  }
}
