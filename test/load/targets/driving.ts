import { profileOf } from '../../../src/load/profile/read.ts';
import type {
  Consumer,
  Delivery,
  LoadTarget,
  Outgoing,
  ProducerEvents,
} from '../../../src/load/targets/target.ts';
import { uniqueName } from '../../support/shared.ts';
import { waitFor } from '../../support/wait.ts';

/** A profile as flags would give it. */
export function profile(raw: Record<string, unknown>, folder = '/') {
  return profileOf({ raw: { duration: '1s', rate: '1/s', ...raw }, folder });
}

/** As qctl makes them. */
export function runId(): string {
  return `${uniqueName('t')}-20261122-170253-4f2a`;
}

/** What a producer has told. A message that is told of twice is listed twice. */
export class Told implements ProducerEvents {
  readonly begun: number[] = [];
  readonly good: number[] = [];
  readonly bad: [seq: number, why: string][] = [];
  /** All of it in its order: `sent 0`, `confirmed 0`. */
  readonly log: string[] = [];

  sent(seq: number): void {
    this.begun.push(seq);
    this.log.push(`sent ${seq}`);
  }

  confirmed(seq: number): void {
    this.good.push(seq);
    this.log.push(`confirmed ${seq}`);
  }

  failed(seq: number, why: Error): void {
    this.bad.push([seq, why.message]);
  }

  get lost(): number[] {
    return this.bad.map(([seq]) => seq);
  }

  /** Waits until so many messages have come to an end. */
  async ended(count: number): Promise<void> {
    await waitFor(() => this.good.length + this.bad.length >= count, { what: `${count} messages told` });
  }
}

/** Messages of a run: `count` of them from `from` on. */
export function outgoing(
  count: number,
  {
    from = 0,
    key = () => null,
    body = (seq) => Buffer.from(`body ${seq}`),
  }: { from?: number; key?: (seq: number) => string | null; body?: (seq: number) => Buffer } = {},
): Outgoing[] {
  return Array.from({ length: count }, (_, i) => {
    const seq = from + i;
    return { seq, id: `run-${seq}`, key: key(seq), body: body(seq) };
  });
}

/** Bodies that have been trouble: bytes that are no text, one byte, control characters, emoji, large ones. */
export function awkwardBody(seq: number): Buffer {
  const kinds = [
    Buffer.from([0x00, 0xff, 0xfe, seq % 256]),
    Buffer.from([seq % 128]),
    Buffer.from(`{"seq":${seq},"text":"grüße 🙂\\r\\n\\t"}`),
    Buffer.from(`line\r\n${seq}\u0001`),
    Buffer.from(`\\x41 \\\\ " ' ${seq}`),
  ];
  if (seq % 50 === 7) return Buffer.alloc(200_000, `large ${seq} `);
  if (seq % 50 === 8) return Buffer.alloc(150_000, Buffer.from([0x80, 0x00, seq % 256]));
  return kinds[seq % kinds.length]!;
}

/** Takes until there are so many; those are not yet done. */
export async function takeAll(consumer: Consumer, count: number): Promise<Delivery[]> {
  const taken: Delivery[] = [];
  await waitFor(
    async () => {
      taken.push(...(await consumer.take(count - taken.length, 1000)));
      return taken.length >= count;
    },
    { what: `${count} deliveries` },
  );
  return taken;
}

/** Ids and bodies, to be compared. */
export function contents(messages: readonly Pick<Delivery, 'id' | 'body'>[]): string[] {
  return messages.map(({ id, body }) => `${id} ${body.toString('base64')}`).toSorted();
}

/** Runs `work` with a prepared target, and closes it whatever happens. */
export async function withTarget<T>(
  opened: Promise<LoadTarget>,
  work: (target: LoadTarget) => Promise<T>,
): Promise<T> {
  const target = await opened;
  let closed = false;
  try {
    await target.prepare();
    const result = await work(target);
    closed = true;
    await target.close();
    return result;
  } finally {
    // An error of the work says more than that of the closing after it.
    if (!closed) await target.close().catch(() => undefined);
  }
}
