import { within } from '../../../backends/network.ts';
import { isGone, type SqsAccount, toSqsError } from '../../../backends/sqs/index.ts';
import type { QctlError } from '../../../errors.ts';
import { pause } from '../../../model/patience.ts';
import { ofTarget } from '../errors.ts';

const LONGEST_NAME = 80;
/** What a killed run has left is empty after a day. */
const RETENTION_SECONDS = 86_400;
/** SQS promises a new queue after a second, and sometimes takes longer. */
const TRIES = 30;
const REST_MS = 1000;
/** Of a run that ends while SQS does not answer. */
const LONGEST_REMOVAL_MS = 15_000;

/** `qctl-load-RUN`, as SQS takes it: letters, digits, `-` and `_`, at most 80 with `.fifo`. */
export function ownQueueName(run: string, { dead = false, fifo = false } = {}): string {
  const end = `${dead ? '-dead' : ''}${fifo ? '.fifo' : ''}`;
  const room = LONGEST_NAME - 'qctl-load-'.length - end.length;
  // The end of a run's name is what makes it unique.
  const which = run.replace(/^load-/, '').replace(/[^A-Za-z0-9_-]/g, '-');
  return `qctl-load-${which.slice(-room)}${end}`;
}

/**
 * A queue that a run has made for itself. `make` and `remove` throw `target`, `auth` or `config` errors that name it.
 * A run that is killed leaves it, and its name says so: whoever finds a `qctl-load-…` of a run that is over may delete it.
 */
export class OwnQueue {
  readonly name: string;
  readonly #account: SqsAccount;
  #making: Promise<string> | undefined;

  constructor(account: SqsAccount, name: string) {
    this.#account = account;
    this.name = name;
  }

  /** Its URL, once it can be used. May be called again. */
  make(): Promise<string> {
    this.#making ??= this.#make();
    return this.#making;
  }

  /** Does nothing where it was never made. */
  async remove(): Promise<void> {
    if (!this.#making) return;
    // The answer to its making may have been lost.
    const url = await this.#making.catch(() => undefined);
    try {
      await within(this.#delete(url), LONGEST_REMOVAL_MS);
    } catch (error) {
      if (!isGone(error)) throw this.#error(error, 'delete the queue of the run, which stays,');
    }
  }

  async #make(): Promise<string> {
    const { CreateQueueCommand } = await import('../../../backends/sqs/library.ts');
    const Attributes: Record<string, string> = { MessageRetentionPeriod: String(RETENTION_SECONDS) };
    if (this.name.endsWith('.fifo')) Attributes.FifoQueue = 'true';
    const command = new CreateQueueCommand({ QueueName: this.name, Attributes });
    try {
      const { QueueUrl } = await this.#account.client.send(command);
      await this.#untilThere(QueueUrl!);
      return QueueUrl!;
    } catch (error) {
      throw this.#error(error, 'make a queue for the run');
    }
  }

  async #untilThere(QueueUrl: string): Promise<void> {
    const { GetQueueAttributesCommand } = await import('../../../backends/sqs/library.ts');
    for (let tries = 1; ; tries += 1) {
      try {
        await this.#account.client.send(
          new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['QueueArn'] }),
        );
        return;
      } catch (error) {
        if (!isGone(error) || tries === TRIES) throw error;
        await pause(REST_MS, new AbortController().signal);
      }
    }
  }

  async #delete(known: string | undefined): Promise<void> {
    const { DeleteQueueCommand, GetQueueUrlCommand } = await import('../../../backends/sqs/library.ts');
    const { client } = this.#account;
    const QueueUrl = known ?? (await client.send(new GetQueueUrlCommand({ QueueName: this.name }))).QueueUrl;
    await client.send(new DeleteQueueCommand({ QueueUrl }));
  }

  #error(error: unknown, doing: string): QctlError {
    return ofTarget(toSqsError(error, `${this.name} at ${this.#account.label}`, doing));
  }
}
