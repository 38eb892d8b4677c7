import { producerClosed } from './errors.ts';
import { Line } from './line.ts';
import { OpenMessages } from './open-messages.ts';
import { Outage } from './outage.ts';
import type { Outgoing, Producer, ProducerEvents } from './target.ts';

/**
 * A producer whose messages wait in a line until its target takes them. Those that wait through an outage that
 * does not end have failed.
 */
export abstract class WaitingProducer implements Producer {
  protected readonly messages: OpenMessages;
  protected readonly waiting = new Line<Outgoing>();
  protected readonly outage = new Outage({
    again: () => this.pump(),
    giveUp: (why) => this.messages.failed(this.waiting.take(this.waiting.length), why),
  });

  constructor(events: ProducerEvents) {
    this.messages = new OpenMessages(events);
  }

  get open(): number {
    return this.messages.count;
  }

  send(messages: readonly Outgoing[]): void {
    if (this.messages.ended) return;
    this.messages.add(messages);
    for (const message of messages) this.waiting.push(message);
    this.pump();
  }

  close(): Promise<void> {
    this.outage.end();
    this.messages.end(producerClosed());
    return this.release();
  }

  abstract cut(): void;

  /** Sends what waits, as far as the target takes it now. */
  protected abstract pump(): void;

  /** Ends the connections. */
  protected abstract release(): Promise<void>;
}
