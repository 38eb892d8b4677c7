import { setMaxListeners } from 'node:events';
import { type SqsAccount, sqsLabel, toSqsError } from '../../../backends/sqs/index.ts';
import { BATCH_ENTRIES } from '../../../backends/sqs/limits.ts';
import { QctlError } from '../../../errors.ts';
import { pause } from '../../../model/patience.ts';
import { consumerEnded, ofTarget } from '../errors.ts';
import { Backoff } from '../outage.ts';
import type { Consumer, Delivery } from '../target.ts';
import { ENCODING, ID, toDelivery, toLetter } from './letter.ts';
import { Outbox } from './outbox.ts';
import { sendLetters } from './send.ts';

const LONGEST_WAIT_SECONDS = 20;
const LONGEST_VISIBILITY_SECONDS = 43_200;

/** What a consumer works with. */
export interface SqsConsumerOptions {
  /** Its own: its sockets are cut and closed. */
  account: SqsAccount;
  queueUrl: string;
  claimAfterMs: number;
  /** URL of the dead letters of the run. */
  deadLetters(): Promise<string>;
}

/**
 * ReceiveMessage with long polls. SQS knows whole seconds alone: what a consumer holds, and how long it waits, is rounded
 * up to them. A poll that was given up in its middle would keep what it is just about to get.
 */
export class SqsConsumer implements Consumer {
  readonly #options: SqsConsumerOptions;
  readonly #end = new AbortController();
  readonly #backoff = new Backoff();
  #restMs = 0;

  constructor(options: SqsConsumerOptions) {
    this.#options = options;
    // Many calls may listen at a time; Node would warn of a leak.
    setMaxListeners(0, this.#end.signal);
  }

  async take(count: number, waitMs: number): Promise<Delivery[]> {
    if (this.#restMs > 0) await pause(this.#restMs, this.#end.signal);
    const { ReceiveMessageCommand } = await import('../../../backends/sqs/library.ts');
    const { queueUrl, claimAfterMs } = this.#options;
    const command = new ReceiveMessageCommand({
      QueueUrl: queueUrl,
      MaxNumberOfMessages: Math.min(count, BATCH_ENTRIES),
      WaitTimeSeconds: Math.min(Math.ceil(waitMs / 1000), LONGEST_WAIT_SECONDS),
      VisibilityTimeout: Math.min(Math.ceil(claimAfterMs / 1000), LONGEST_VISIBILITY_SECONDS),
      MessageAttributeNames: [ID, ENCODING],
      MessageSystemAttributeNames: ['ApproximateReceiveCount'],
    });
    const received = this.#call('receive messages', (abortSignal) =>
      this.#options.account.client.send(command, { abortSignal }),
    );
    const { Messages = [] } = await this.#paced(received);
    return Messages.map(toDelivery);
  }

  async done(deliveries: readonly Delivery[]): Promise<void> {
    for (const some of inTens(deliveries)) await this.#delete(some);
  }

  /** Sent to the dead letters first, deleted then: twice there in the worst case, never nowhere. */
  async bury(deliveries: readonly Delivery[]): Promise<void> {
    const queueUrl = await this.#options.deadLetters();
    const outbox = new Outbox();
    for (const { id, body } of deliveries) outbox.add(toLetter({ seq: 0, id, body, key: null }, false));
    for (let some = outbox.take(BATCH_ENTRIES); some.length > 0; some = outbox.take(BATCH_ENTRIES)) {
      const failed = await this.#call('bury messages', (signal) =>
        sendLetters(this.#options.account.client, queueUrl, some, signal),
      );
      for (const why of failed.values()) throw why;
    }
    await this.done(deliveries);
  }

  cut(): void {
    this.#options.account.close();
  }

  kill(): void {
    this.#end.abort();
    this.#options.account.close();
  }

  close(): Promise<void> {
    this.kill();
    return Promise.resolve();
  }

  async #delete(deliveries: readonly Delivery[]): Promise<void> {
    const { DeleteMessageBatchCommand } = await import('../../../backends/sqs/library.ts');
    const Entries = deliveries.map(({ token }, i) => ({ Id: String(i), ReceiptHandle: token }));
    const command = new DeleteMessageBatchCommand({ QueueUrl: this.#options.queueUrl, Entries });
    const { Failed = [] } = await this.#call('delete messages', (abortSignal) =>
      this.#options.account.client.send(command, { abortSignal }),
    );
    const [first] = Failed;
    if (!first) return;
    throw new QctlError(
      'target',
      `SQS has not deleted ${Failed.length} of ${deliveries.length} messages: ${first.Message ?? first.Code}`,
      { code: 'SQS_NOT_DELETED', hint: ['they come again once their visibility ends'] },
    );
  }

  async #call<T>(doing: string, call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { signal } = this.#end;
    if (signal.aborted) throw consumerEnded();
    try {
      return await call(signal);
    } catch (error) {
      if (signal.aborted) throw consumerEnded();
      throw ofTarget(toSqsError(error, sqsLabel(this.#options.queueUrl), doing));
    }
  }

  /** A queue that cannot be asked is asked less and less often. */
  async #paced<T>(asked: Promise<T>): Promise<T> {
    try {
      const answer = await asked;
      this.#backoff.reset();
      this.#restMs = 0;
      return answer;
    } catch (error) {
      this.#restMs = this.#backoff.next();
      throw error;
    }
  }
}

function inTens<T>(all: readonly T[]): T[][] {
  return Array.from({ length: Math.ceil(all.length / BATCH_ENTRIES) }, (_, i) =>
    all.slice(i * BATCH_ENTRIES, (i + 1) * BATCH_ENTRIES),
  );
}
