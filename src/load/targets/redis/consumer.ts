import type { Consumer, Delivery } from '../target.ts';
import type { Calls } from './calls.ts';
import { explained, explanation } from './explained.ts';

type Entry = [id: Buffer, fields: Buffer[] | null];

/** Where a consumer reads. */
export interface ConsumerPlace {
  stream: string;
  group: string;
  name: string;
  /** Where messages go that fail again and again. */
  deadLetters: string;
  claimAfterMs: number;
}

/** Reads by XREADGROUP, claims by XAUTOCLAIM, acknowledges by XACK. */
export class RedisConsumer implements Consumer {
  readonly pipelined = true;
  readonly #calls: Calls;
  readonly #place: ConsumerPlace;
  #claimAtMs: number;
  #cursor = '0-0';

  /** @param calls of a connection of its own: it is closed with the consumer */
  constructor(calls: Calls, place: ConsumerPlace) {
    this.#calls = calls;
    this.#place = place;
    // Consumers that started together shall not claim together.
    this.#claimAtMs = performance.now() + place.claimAfterMs * (0.5 + Math.random() / 2);
  }

  async take(count: number, waitMs: number): Promise<Delivery[]> {
    try {
      const claimed = performance.now() >= this.#claimAtMs ? await this.#claim(count) : [];
      return claimed.length > 0 ? claimed : await this.#read(count, waitMs);
    } catch (error) {
      throw explanation(error);
    }
  }

  async #read(count: number, waitMs: number): Promise<Delivery[]> {
    const { group, name, stream } = this.#place;
    const reply = (await this.#calls.call(
      'XREADGROUP',
      ...['GROUP', group, name, 'COUNT', count, 'BLOCK', waitMs, 'STREAMS', stream, '>'],
    )) as [Buffer, Entry[]][] | null;
    return (reply?.[0]?.[1] ?? []).map((entry) => toDelivery(entry, 1));
  }

  async done(deliveries: readonly Delivery[]): Promise<void> {
    const { stream, group } = this.#place;
    await explained(this.#calls.call('XACK', stream, group, ...deliveries.map(({ token }) => token)));
  }

  async bury(deliveries: readonly Delivery[]): Promise<void> {
    for (const { id, body } of deliveries)
      await explained(this.#calls.call('XADD', this.#place.deadLetters, '*', 'id', id, 'body', body));
    await this.done(deliveries);
  }

  cut(): void {
    this.#calls.cut();
  }

  kill(): void {
    void this.#calls.close();
  }

  async close(): Promise<void> {
    await this.#calls.close();
  }

  /** What was held too long; asks again at once while a page was full. */
  async #claim(count: number): Promise<Delivery[]> {
    const { stream, group, name, claimAfterMs } = this.#place;
    const [cursor, entries] = (await this.#calls.call(
      'XAUTOCLAIM',
      ...[stream, group, name, Math.round(claimAfterMs), this.#cursor, 'COUNT', count],
    )) as [Buffer, (Entry | null)[]];
    this.#cursor = cursor.toString();
    if (this.#cursor === '0-0') this.#claimAtMs = performance.now() + claimAfterMs / 2;
    // Before Redis 7.0 what was deleted meanwhile is nil, and stays pending.
    return entries.flatMap((entry) => (entry?.[1] ? [toDelivery(entry, null)] : []));
  }
}

function toDelivery([id, fields]: Entry, attempt: number | null): Delivery {
  const delivery: Delivery = { id: '', body: EMPTY, attempt, token: id.toString('latin1') };
  for (let at = 0; fields && at < fields.length; at += 2) {
    const name = fields[at]!.toString('latin1');
    if (name === 'id') delivery.id = fields[at + 1]!.toString('latin1');
    else if (name === 'body') delivery.body = fields[at + 1]!;
  }
  return delivery;
}

const EMPTY = Buffer.alloc(0);
