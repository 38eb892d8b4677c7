import { explainNetwork, plainCause } from '../../../backends/network.ts';
import { QctlError } from '../../../errors.ts';
import type { Outgoing, ProducerEvents } from '../target.ts';
import { WaitingProducer } from '../waiting-producer.ts';
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
export class HttpProducer extends WaitingProducer {
  readonly #options: HttpProducerOptions;
  readonly #line: HttpLine;
  #calls = 0;

  constructor(options: HttpProducerOptions, events: ProducerEvents) {
    super(events);
    this.#options = options;
    this.#line = new HttpLine(options);
  }

  cut(): void {
    this.#line.cut();
  }

  protected release(): Promise<void> {
    this.#line.cut();
    return Promise.resolve();
  }

  protected pump(): void {
    const { maxSockets } = this.#options;
    while (
      !this.messages.ended &&
      !this.outage.holding &&
      this.#calls < maxSockets &&
      this.waiting.length > 0
    )
      for (const message of this.waiting.take(1)) void this.#post(message);
  }

  async #post(message: Outgoing): Promise<void> {
    this.#calls += 1;
    this.messages.sent([message]);
    try {
      const { status } = await this.#line.ask(...this.#request(message));
      this.outage.over();
      const why = this.#refusal(status);
      if (why) this.messages.failed([message], why);
      else this.messages.confirmed(message.seq, performance.now());
    } catch (error) {
      this.#lost(message, error);
    }
    this.#calls -= 1;
    this.pump();
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
    if (this.messages.ended) return;
    const known = explainNetwork(error);
    const cause = plainCause(error);
    const why = new QctlError('target', `${this.#options.label}: ${known?.why ?? cause.message}`, {
      code: 'HTTP_UNREACHABLE',
      hint: known?.hint ?? ['check the URL, and that the server is up'],
      cause,
    });
    this.messages.failed([message], why);
    this.outage.failed(why);
  }
}
