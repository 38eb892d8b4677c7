import type { QueryResultRow } from 'pg';
import { pause } from '../../../model/patience.ts';
import { consumerEnded } from '../errors.ts';
import { Backoff } from '../outage.ts';
import type { Consumer, Delivery } from '../target.ts';
import type { Session } from './session.ts';
import { burySql, claimSql, doneSql, type QueueTable } from './table.ts';

/** What a consumer works with. */
export interface PostgresConsumerOptions {
  /** Opens a session of the consumer's own; calls back for each notification. */
  session(onNotified: () => void): Session;
  table: QueueTable;
  claimAfterMs: number;
  pollMs: number;
}

interface Row extends QueryResultRow {
  id: string;
  message_id: string;
  body: Buffer;
  attempts: number;
}

/** Claims rows for a while, as the usual queue in a table does, and deletes them in the end. */
export class PostgresConsumer implements Consumer {
  readonly #session: Session;
  readonly #options: PostgresConsumerOptions;
  readonly #end = new AbortController();
  readonly #backoff = new Backoff();
  #restMs = 0;
  /** Of a notification that came while nobody waited. */
  #notified = false;
  #wake: (() => void) | undefined;

  constructor(options: PostgresConsumerOptions) {
    this.#options = options;
    this.#session = options.session(() => {
      this.#notified = true;
      this.#wake?.();
    });
  }

  async take(count: number, waitMs: number): Promise<Delivery[]> {
    if (this.#restMs > 0) await pause(this.#restMs, this.#end.signal);
    const until = performance.now() + waitMs;
    for (;;) {
      this.#notified = false;
      const taken = await this.#claim(count);
      const leftMs = until - performance.now();
      if (taken.length > 0 || leftMs <= 0) return taken;
      await this.#wait(Math.min(this.#options.pollMs, leftMs));
    }
  }

  async done(deliveries: readonly Delivery[]): Promise<void> {
    await this.#query('qctl_load_done', doneSql(this.#options.table), [idsOf(deliveries)]);
  }

  /** They stay in the table, and nobody gets them any more. */
  async bury(deliveries: readonly Delivery[]): Promise<void> {
    await this.#query('qctl_load_bury', burySql(this.#options.table), [idsOf(deliveries)]);
  }

  cut(): void {
    this.#session.cut();
  }

  kill(): void {
    this.#end.abort();
    this.#session.kill();
    this.#wake?.();
  }

  async close(): Promise<void> {
    this.#end.abort();
    this.#wake?.();
    await this.#session.end();
  }

  async #claim(count: number): Promise<Delivery[]> {
    const { table, claimAfterMs } = this.#options;
    try {
      const rows = await this.#query('qctl_load_claim', claimSql(table), [count, claimAfterMs]);
      this.#backoff.reset();
      this.#restMs = 0;
      return rows.sort((a, b) => Number(a.id) - Number(b.id)).map(toDelivery);
    } catch (error) {
      // A server that cannot be asked is asked less and less often.
      this.#restMs = this.#backoff.next();
      throw error;
    }
  }

  async #query(name: string, text: string, values: unknown[]): Promise<Row[]> {
    const { signal } = this.#end;
    if (signal.aborted) throw consumerEnded();
    try {
      const client = await this.#session.open();
      return (await client.query<Row>({ name, text, values })).rows;
    } catch (error) {
      throw signal.aborted ? consumerEnded() : this.#session.error(error, 'consume messages');
    }
  }

  #wait(ms: number): Promise<void> {
    if (this.#notified) return Promise.resolve();
    return new Promise((resolve) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(over, ms);
      this.#wake = over;
    });
  }
}

function toDelivery({ id, message_id, body, attempts }: Row): Delivery {
  return { id: message_id, body, attempt: attempts, token: id };
}

function idsOf(deliveries: readonly Delivery[]): string[] {
  return deliveries.map(({ token }) => token);
}
