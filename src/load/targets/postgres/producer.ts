import type { Client } from 'pg';
import { producerClosed } from '../errors.ts';
import { Line } from '../line.ts';
import { OpenMessages } from '../open-messages.ts';
import { Outage } from '../outage.ts';
import type { Outgoing, Producer, ProducerEvents } from '../target.ts';
import type { Session } from './session.ts';
import { insertSql, type QueueTable } from './table.ts';

/** What a producer works with. */
export interface PostgresProducerOptions {
  /** Its own. */
  session: Session;
  table: QueueTable;
  notify: boolean;
  /** Rows of one INSERT. */
  batch: number;
}

/** One INSERT after the other: PostgreSQL works at one statement of a session at a time. What waits goes into the next. */
export class PostgresProducer implements Producer {
  readonly #session: Session;
  readonly #insert: string;
  readonly #batch: number;
  readonly #open: OpenMessages;
  readonly #waiting = new Line<Outgoing>();
  readonly #outage = new Outage({
    again: () => this.#pump(),
    giveUp: (why) => this.#open.failed(this.#waiting.take(this.#waiting.length), why),
  });
  #working = false;

  constructor({ session, table, notify, batch }: PostgresProducerOptions, events: ProducerEvents) {
    this.#session = session;
    this.#insert = insertSql(table, notify);
    this.#batch = batch;
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
    this.#session.cut();
  }

  async close(): Promise<void> {
    this.#outage.end();
    this.#open.end(producerClosed());
    await this.#session.end();
  }

  #pump(): void {
    if (this.#working) return;
    this.#working = true;
    // What is handed over in the same tick goes into one statement.
    queueMicrotask(() => void this.#work());
  }

  async #work(): Promise<void> {
    while (this.#waiting.length > 0 && !this.#open.ended && !this.#outage.holding) {
      const client = await this.#connect();
      if (client) await this.#write(client, this.#waiting.take(this.#batch));
    }
    this.#working = false;
  }

  async #connect(): Promise<Client | undefined> {
    try {
      return await this.#session.open();
    } catch (error) {
      if (!this.#open.ended) this.#outage.failed(error as Error);
      return undefined;
    }
  }

  async #write(client: Client, rows: readonly Outgoing[]): Promise<void> {
    this.#open.sent(rows);
    const values = [rows.map(({ id }) => id), rows.map(({ key }) => key), rows.map(({ body }) => body)];
    try {
      // A name lets PostgreSQL keep the plan.
      await client.query({ name: 'qctl_load_insert', text: this.#insert, values });
    } catch (error) {
      this.#lost(rows, this.#session.error(error, 'insert messages'));
      return;
    }
    const atMs = performance.now();
    this.#outage.over();
    for (const { seq } of rows) this.#open.confirmed(seq, atMs);
  }

  #lost(rows: readonly Outgoing[], why: Error): void {
    this.#open.failed(rows, why);
    if (!this.#session.alive && !this.#open.ended) this.#outage.failed(why);
  }
}
