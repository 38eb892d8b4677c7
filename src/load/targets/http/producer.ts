import { explainNetwork, plainCause } from '../../../backends/network.ts';
import { QctlError } from '../../../errors.ts';
import { producerClosed } from '../errors.ts';
import { Line } from '../line.ts';
import { OpenMessages } from '../open-messages.ts';
import { Outage } from '../outage.ts';
import type { Outgoing, Producer, ProducerEvents } from '../target.ts';
import { contentTypeOf } from './content-type.ts';
import { HttpLine, type HttpLineOptions } from './request.ts';

/** What a producer works with. */
export interface HttpProducerOptions extends HttpLineOptions {
  /** Statuses that confirm; undefined: any 2xx. */
  expect: readonly number[] | undefined;
  /** URL as it may be shown. */
  label: string;
}

/** A request a message, several at once. */
export class HttpProducer implements Producer {
  readonly #options: HttpProducerOptions;
  readonly #line: HttpLine;
  readonly #open: OpenMessages;
  readonly #waiting = new Line<Outgoing>();
  readonly #outage = new Outage({
    again: () => this.#pump(),
    giveUp: (why) => this.#open.failed(this.#waiting.take(this.#waiting.length), why),
  });
  #calls = 0;

  constructor(options: HttpProducerOptions, events: ProducerEvents) {
    this.#options = options;
    this.#line = new HttpLine(options);
    this.#open = new OpenMessages(events);
  }

  get open(): number {
    return this.#open.count;
  }

  send(messages: readonly Outgoing[]): void {
    if (this.#open.ended) return;
    this.#open.add(messages);
    for (const message of messages) this.#waiting.push(message);
    this.#pump();
  }

  cut(): void {
    this.#line.cut();
  }

  close(): Promise<void> {
    this.#outage.end();
    this.#open.end(producerClosed());
    this.#line.cut();
    return Promise.resolve();
  }

  #pump(): void {
    const { maxSockets } = this.#options;
    while (!this.#open.ended && !this.#outage.holding && this.#calls < maxSockets && this.#waiting.length > 0)
      for (const message of this.#waiting.take(1)) void this.#post(message);
  }

  async #post(message: Outgoing): Promise<void> {
    this.#calls += 1;
    this.#open.sent([message]);
    try {
      const { status } = await this.#line.ask(...this.#request(message));
      this.#outage.over();
      const why = this.#refusal(status);
      if (why) this.#open.failed([message], why);
      else this.#open.confirmed(message.seq, performance.now());
    } catch (error) {
      this.#lost(message, error);
    }
    this.#calls -= 1;
    this.#pump();
  }

  /** A GET has no body: many servers would take it for the next request. */
  #request({ id, body }: Outgoing): [headers: Record<string, string>, body: Buffer | undefined] {
    const known = { 'x-qctl-load-id': id };
    if (this.#options.method === 'GET') return [known, undefined];
    const length = String(body.length);
    return [{ ...known, 'content-type': contentTypeOf(body), 'content-length': length }, body];
  }

  #refusal(status: number): QctlError | undefined {
    const { expect } = this.#options;
    if (expect ? expect.includes(status) : status >= 200 && status < 300) return undefined;
    const redirect = status >= 300 && status < 400 ? ': redirects are not followed' : '';
    return new QctlError('target', `status ${status}${redirect}`, {
      code: 'HTTP_STATUS',
      hint: ['look into the log of the server; expect: of the target says which statuses are good'],
      details: { status, url: this.#options.label },
    });
  }

  #lost(message: Outgoing, error: unknown): void {
    if (this.#open.ended) return;
    const known = explainNetwork(error);
    const cause = plainCause(error);
    const why = new QctlError('target', `${this.#options.label}: ${known?.why ?? cause.message}`, {
      code: 'HTTP_UNREACHABLE',
      hint: known?.hint ?? ['check the URL, and that the server is up'],
      cause,
    });
    this.#open.failed([message], why);
    this.#outage.failed(why);
  }
}
