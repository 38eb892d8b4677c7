import type { RedisConnection } from '../../../backends/redis/index.ts';
import type { Outgoing, Producer, ProducerEvents } from '../target.ts';
import { explained } from './explained.ts';

/** Sends by the client library, as a cluster needs it: it follows redirections. */
export class CommandProducer implements Producer {
  readonly #connection: RedisConnection;
  readonly #stream: string;
  readonly #events: ProducerEvents;
  readonly #inFlight: number;
  readonly #waiting: Outgoing[] = [];
  #flying = 0;
  #closed = false;

  constructor(connection: RedisConnection, stream: string, inFlight: number, events: ProducerEvents) {
    this.#connection = connection;
    this.#stream = stream;
    this.#inFlight = inFlight;
    this.#events = events;
  }

  get open(): number {
    return this.#waiting.length + this.#flying;
  }

  send(messages: readonly Outgoing[]): void {
    this.#waiting.push(...messages);
    this.#pump();
  }

  cut(): void {
    const { client } = this.#connection;
    const nodes = 'nodes' in client ? client.nodes() : [client];
    for (const node of nodes) node.stream?.destroy();
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#connection.close();
  }

  #pump(): void {
    const batch = this.#waiting.splice(0, this.#inFlight - this.#flying);
    for (const message of batch) void this.#add(message);
  }

  async #add({ seq, id, body, key }: Outgoing): Promise<void> {
    this.#flying += 1;
    this.#events.sent(seq, performance.now());
    const fields = key === null ? ['id', id, 'body', body] : ['id', id, 'body', body, 'key', key];
    const outcome = await explained(this.#connection.client.xadd(this.#stream, '*', ...fields)).then(
      () => undefined,
      (error: Error) => error,
    );
    this.#flying -= 1;
    if (this.#closed) return;
    if (outcome) this.#events.failed(seq, outcome);
    else this.#events.confirmed(seq, performance.now());
    this.#pump();
  }
}
