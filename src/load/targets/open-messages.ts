import type { Outgoing, ProducerEvents } from './target.ts';

/**
 * The messages that a producer has taken over and that have not come to an end. Sees to it that the run is told one end
 * of each, and nothing more after {@link OpenMessages.end}.
 */
export class OpenMessages {
  readonly #events: ProducerEvents;
  readonly #open = new Set<number>();
  #ended = false;

  constructor(events: ProducerEvents) {
    this.#events = events;
  }

  get count(): number {
    return this.#open.size;
  }

  get ended(): boolean {
    return this.#ended;
  }

  add(messages: readonly Outgoing[]): void {
    for (const { seq } of messages) this.#open.add(seq);
  }

  sent(messages: readonly Pick<Outgoing, 'seq'>[]): void {
    const atMs = performance.now();
    for (const { seq } of messages) if (this.#open.has(seq)) this.#events.sent(seq, atMs);
  }

  confirmed(seq: number, atMs: number): void {
    if (this.#open.delete(seq)) this.#events.confirmed(seq, atMs);
  }

  failed(messages: readonly Pick<Outgoing, 'seq'>[], why: Error): void {
    for (const { seq } of messages) if (this.#open.delete(seq)) this.#events.failed(seq, why);
  }

  /** What is still open fails, and nothing is told any more. */
  end(why: Error): void {
    this.#ended = true;
    this.failed(
      [...this.#open].map((seq) => ({ seq })),
      why,
    );
  }
}
