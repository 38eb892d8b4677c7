import type { Message } from '../../model/message.ts';
import type { Broker } from './broker.ts';
import { readEnvelope } from './envelope.ts';
import type { CeleryKeys } from './keys.ts';
import type { CelerySpec } from './spec.ts';

/** One message that a worker has been given and has not acknowledged. */
export interface Unacked {
  tag: string;
  message: Message;
  /** When it was delivered, ms since 1970 by the worker's clock; null where the index does not say. */
  sinceMs: number | null;
}

const PAGE = 200;
/** What a look at them reads at most; workers hold few, but everything with an eta. */
export const MOST_UNACKED = 20_000;

/**
 * The messages of one queue that workers hold: prefetched, waiting for their eta, or running with `acks_late`.
 * The hash is shared by all queues of the broker.
 *
 * @returns null where there are too many in it to look at
 */
export async function readUnacked(
  broker: Broker,
  keys: CeleryKeys,
  spec: CelerySpec,
): Promise<Unacked[] | null> {
  const size = await broker.ask('count what workers hold', (client) => client.hlen(keys.unacked));
  if (size === 0) return [];
  if (size > MOST_UNACKED) return null;
  const bindings = new Bindings(broker, keys, spec);
  const found = new Map<string, Unacked>();
  let cursor = '0';
  do {
    const [next, pairs] = (await broker.ask('read what workers hold', (client) =>
      client.hscanBuffer(keys.unacked, cursor, 'COUNT', PAGE),
    )) as [Buffer, Buffer[]];
    cursor = next.toString();
    for (let at = 0; at + 1 < pairs.length; at += 2) {
      const held = parseHeld(pairs[at + 1]!);
      if (!held || !(await bindings.lead(held.exchange, held.routingKey))) continue;
      const tag = pairs[at]!.toString();
      found.set(tag, { tag, message: readEnvelope(held.raw), sinceMs: null });
    }
  } while (cursor !== '0');
  return withTimes(broker, keys, [...found.values()]);
}

async function withTimes(broker: Broker, keys: CeleryKeys, found: Unacked[]): Promise<Unacked[]> {
  if (found.length === 0) return found;
  const scores = await broker.ask('read since when workers hold messages', (client) =>
    client.zmscore(keys.unackedIndex, ...found.map(({ tag }) => tag)),
  );
  return found.map((one, at) => {
    const score = scores[at];
    return score === null || score === undefined ? one : { ...one, sinceMs: Number(score) * 1000 };
  });
}

/** `[message, exchange, routing key]`, the message as text of its own. */
function parseHeld(value: Buffer): { raw: Buffer; exchange: string; routingKey: string } | undefined {
  const parts = /^\[(.*), ?("(?:[^"\\]|\\.)*"|null), ?("(?:[^"\\]|\\.)*"|null)\]$/s.exec(
    value.toString('utf8'),
  );
  if (!parts) return undefined;
  const [, raw, exchange, routingKey] = parts;
  const text = (json: string): string => (JSON.parse(json) as string | null) ?? '';
  return { raw: Buffer.from(raw!), exchange: text(exchange!), routingKey: text(routingKey!) };
}

/** Which messages go to a queue, as kombu decides it. */
class Bindings {
  private readonly broker: Broker;
  private readonly keys: CeleryKeys;
  private readonly spec: CelerySpec;
  private readonly known = new Map<string, Promise<string[]>>();

  constructor(broker: Broker, keys: CeleryKeys, spec: CelerySpec) {
    this.broker = broker;
    this.keys = keys;
    this.spec = spec;
  }

  async lead(exchange: string, routingKey: string): Promise<boolean> {
    const { queue, separator } = this.spec;
    if (exchange === '') return routingKey === queue;
    if (!this.known.has(exchange)) this.known.set(exchange, this.membersOf(exchange));
    return (await this.known.get(exchange)!).some((member) => {
      const [key, pattern, bound] = member.split(separator);
      return bound === queue && (key === routingKey || matches(pattern, routingKey));
    });
  }

  private membersOf(exchange: string): Promise<string[]> {
    return this.broker.ask('read the bindings of the queue', (client) =>
      client.smembers(this.keys.binding(exchange)),
    );
  }
}

/** Of a topic exchange: kombu keeps a regular expression. */
function matches(pattern: string | undefined, routingKey: string): boolean {
  if (!pattern) return false;
  try {
    return new RegExp(pattern).test(routingKey);
  } catch {
    return false;
  }
}
