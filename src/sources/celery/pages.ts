import type { Message } from '../../model/message.ts';
import type { Broker } from './broker.ts';
import { readEnvelope } from './envelope.ts';

const PAGE = 500;

/** One message of a queue, as it stands there. */
export interface QueuedMessage {
  /** Index of its list. */
  list: number;
  message: Message;
  /** Of the whole envelope. */
  bytes: number;
}

/**
 * The messages of a queue, the oldest first, list by list; takes nothing. What workers take meanwhile shifts
 * the rest, so that some may be missed.
 *
 * @param most of each list
 */
export async function* readQueue(
  broker: Broker,
  lists: readonly string[],
  most = Number.POSITIVE_INFINITY,
): AsyncGenerator<QueuedMessage> {
  for (const [list, key] of lists.entries()) {
    for (let at = 0; at < most; at += PAGE) {
      const size = Math.min(PAGE, most - at);
      const page = await readPart(broker, key, list, at, size);
      yield* page;
      if (page.length < size) break;
    }
  }
}

/** Messages that stand side by side in one list, the oldest first. @param from how many stand before them */
export async function readPart(
  broker: Broker,
  key: string,
  list: number,
  from: number,
  count: number,
): Promise<QueuedMessage[]> {
  const page = await broker.ask('read the queue', (client) =>
    client.lrangeBuffer(key, -from - count, -from - 1),
  );
  return page.reverse().map((raw) => ({ list, message: readEnvelope(raw), bytes: raw.length }));
}
