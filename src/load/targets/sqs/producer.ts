import { type SqsAccount, sqsLabel, toSqsError } from '../../../backends/sqs/index.ts';
import { BATCH_ENTRIES } from '../../../backends/sqs/limits.ts';
import { ofTarget, producerClosed } from '../errors.ts';
import { OpenMessages } from '../open-messages.ts';
import { Outage } from '../outage.ts';
import type { Outgoing, Producer, ProducerEvents } from '../target.ts';
import { type Letter, toLetter, tooLarge } from './letter.ts';
import { Outbox } from './outbox.ts';
import { sendLetters } from './send.ts';

/** What a producer works with. */
export interface SqsProducerOptions {
  /** Its own: its sockets are cut and closed. Must not repeat calls by itself. */
  account: SqsAccount;
  queueUrl: string;
  fifo: boolean;
  /** Of a message, attributes included. */
  mostBytes: number;
  /** Messages in one call. */
  batch: number;
  /** Calls at a time. */
  inFlight: number;
}

/** SendMessageBatch, as many at once as there may be; of a FIFO group one at a time. */
export class SqsProducer implements Producer {
  readonly #options: SqsProducerOptions;
  readonly #open: OpenMessages;
  readonly #outbox = new Outbox();
  readonly #outage = new Outage({
    again: () => this.#pump(),
    giveUp: (why) => this.#open.failed(this.#outbox.clear(), why),
  });
  #fresh: Outgoing[] = [];
  #calls = 0;

  constructor(options: SqsProducerOptions, events: ProducerEvents) {
    this.#options = { ...options, batch: Math.min(options.batch, BATCH_ENTRIES) };
    this.#open = new OpenMessages(events);
  }

  get open(): number {
    return this.#open.count;
  }

  send(messages: readonly Outgoing[]): void {
    if (this.#open.ended) return;
    this.#open.add(messages);
    // What is handed over in the same tick shares calls.
    if (this.#fresh.length === 0) queueMicrotask(() => this.#sort());
    this.#fresh.push(...messages);
  }

  cut(): void {
    this.#options.account.close();
  }

  close(): Promise<void> {
    this.#outage.end();
    this.#open.end(producerClosed());
    this.#outbox.clear();
    this.#options.account.close();
    return Promise.resolve();
  }

  #sort(): void {
    for (const message of this.#fresh.splice(0)) {
      const letter = toLetter(message, this.#options.fifo);
      const why = tooLarge(letter, this.#options.mostBytes);
      if (why) this.#open.failed([letter], why);
      else this.#outbox.add(letter);
    }
    this.#pump();
  }

  #pump(): void {
    const { inFlight, batch } = this.#options;
    while (!this.#open.ended && !this.#outage.holding && this.#calls < inFlight) {
      const letters = this.#outbox.take(batch);
      if (letters.length === 0) return;
      void this.#call(letters);
    }
  }

  async #call(letters: Letter[]): Promise<void> {
    this.#calls += 1;
    this.#open.sent(letters);
    try {
      this.#told(letters, await sendLetters(this.#options.account.client, this.#options.queueUrl, letters));
    } catch (error) {
      this.#failed(letters, error);
    }
    this.#calls -= 1;
    this.#outbox.release(letters);
    this.#pump();
  }

  #told(letters: readonly Letter[], failed: ReadonlyMap<Letter, Error>): void {
    const atMs = performance.now();
    this.#outage.over();
    for (const letter of letters) {
      const why = failed.get(letter);
      if (why) this.#open.failed([letter], why);
      else this.#open.confirmed(letter.seq, atMs);
    }
  }

  #failed(letters: readonly Letter[], error: unknown): void {
    if (this.#open.ended) return;
    const why = ofTarget(toSqsError(error, sqsLabel(this.#options.queueUrl), 'send messages'));
    this.#open.failed(letters, why);
    if (hasAnswered(error)) this.#outage.over();
    else this.#outage.failed(why);
  }
}

/** A refusal is an answer, too. */
function hasAnswered(error: unknown): boolean {
  return (error as { $metadata?: { httpStatusCode?: number } }).$metadata?.httpStatusCode !== undefined;
}
