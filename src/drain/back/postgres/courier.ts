import type { Client } from 'pg';
import { isRetryablePostgres } from '../../../backends/postgres/index.ts';
import { patiently } from '../../../model/patience.ts';
import { endSession } from '../../../sources/postgres/session.ts';
import type { Courier, Hand, Item } from '../destination.ts';
import { isDataError, reasonOf } from './preflight.ts';
import { NotReady } from './refusal.ts';
import { type BatchOutcome, type RowWriter, SplitBatch } from './rows.ts';
import { session, type Target } from './session.ts';

/** Brings rows home over a session of its own, since each batch is a transaction. */
export class PostgresCourier implements Courier {
  private readonly target: Target;
  private readonly label: string;
  private readonly writer: RowWriter;
  private readonly run: string;
  private client: Client | undefined;

  constructor(target: Target, label: string, writer: RowWriter, run: string) {
    this.target = target;
    this.label = label;
    this.writer = writer;
    this.run = run;
  }

  async deliver(items: readonly Item[], hand: Hand): Promise<void> {
    for (const batch of alike(items)) await this.carry(batch, hand);
  }

  async close(): Promise<void> {
    await this.client?.end().catch(() => undefined);
  }

  /** A batch of which the table refuses something is halved until it is known what. */
  private async carry(items: readonly Item[], hand: Hand): Promise<void> {
    let done: BatchOutcome;
    try {
      done = await this.patiently(hand, (client) => this.writer.write(client, this.run, items));
    } catch (error) {
      if (error instanceof NotReady) return this.withoutUnready(error, items, hand);
      if (!(error instanceof SplitBatch) && !isDataError(error)) throw error;
      if (items.length === 1)
        return hand.leave([[items[0]!.entry, `the table refuses it: ${reasonOf(error)}`]]);
      const half = items.length >> 1;
      await this.carry(items.slice(0, half), hand);
      return this.carry(items.slice(half), hand);
    }
    if (done.left.length > 0) await hand.leave(done.left);
    if (done.outcomes.length > 0) await hand.ack(done.outcomes);
  }

  private async withoutUnready({ left }: NotReady, items: readonly Item[], hand: Hand): Promise<void> {
    const unready = new Set(left.map(([entry]) => entry));
    await hand.leave(left);
    const rest = items.filter(({ entry }) => !unready.has(entry));
    if (rest.length > 0) await this.carry(rest, hand);
  }

  private patiently<T>(hand: Hand, action: (client: Client) => Promise<T>): Promise<T> {
    const reason = (error: unknown): string | undefined => {
      const why = isRetryablePostgres(error);
      return why === undefined ? undefined : `${this.label}: ${why}`;
    };
    return patiently(hand, 'destination', reason, async () => {
      try {
        this.client ??= await session(this.target, this.run);
        return await action(this.client);
      } catch (error) {
        if (isRetryablePostgres(error) !== undefined) await this.drop();
        throw error;
      }
    });
  }

  private async drop(): Promise<void> {
    const { client } = this;
    this.client = undefined;
    if (client) await endSession(client);
  }
}

/** Parts of a page that one statement can take: all with an id or all without, and no id twice. */
function alike(items: readonly Item[]): Item[][] {
  const parts: Item[][] = [];
  let ids = new Set<string>();
  for (const item of items) {
    const part = parts.at(-1);
    if (part && part[0]!.hasId === item.hasId && !(item.hasId && ids.has(item.message.id))) part.push(item);
    else {
      parts.push([item]);
      ids = new Set();
    }
    if (item.hasId) ids.add(item.message.id);
  }
  return parts;
}
