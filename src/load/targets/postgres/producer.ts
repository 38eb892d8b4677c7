import type { Client } from 'pg';
import type { Outgoing, ProducerEvents } from '../target.ts';
import { WaitingProducer } from '../waiting-producer.ts';
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
export class PostgresProducer extends WaitingProducer {
  readonly #session: Session;
  readonly #insert: string;
  readonly #batch: number;
  #working = false;

  constructor({ session, table, notify, batch }: PostgresProducerOptions, events: ProducerEvents) {
    super(events);
    this.#session = session;
    this.#insert = insertSql(table, notify);
    this.#batch = batch;
  }

  cut(): void {
    this.#session.cut();
  }

  protected async release(): Promise<void> {
    await this.#session.end();
  }

  protected pump(): void {
    if (this.#working) return;
    this.#working = true;
    // What is handed over in the same tick goes into one statement.
    queueMicrotask(() => void this.#work());
  }

  async #work(): Promise<void> {
    while (this.waiting.length > 0 && !this.messages.ended && !this.outage.holding) {
      const client = await this.#connect();
      if (client) await this.#write(client, this.waiting.take(this.#batch));
    }
    this.#working = false;
  }

  async #connect(): Promise<Client | undefined> {
    try {
      return await this.#session.open();
    } catch (error) {
      if (!this.messages.ended) this.outage.failed(error as Error);
      return undefined;
    }
  }

  async #write(client: Client, rows: readonly Outgoing[]): Promise<void> {
    this.messages.sent(rows);
    const values = [rows.map(({ id }) => id), rows.map(({ key }) => key), rows.map(({ body }) => body)];
    try {
      // A name lets PostgreSQL keep the plan.
      await client.query({ name: 'qctl_load_insert', text: this.#insert, values });
    } catch (error) {
      this.#lost(rows, this.#session.error(error, 'insert messages'));
      return;
    }
    const atMs = performance.now();
    this.outage.over();
    for (const { seq } of rows) this.messages.confirmed(seq, atMs);
  }

  #lost(rows: readonly Outgoing[], why: Error): void {
    this.messages.failed(rows, why);
    if (!this.#session.alive && !this.messages.ended) this.outage.failed(why);
  }
}
