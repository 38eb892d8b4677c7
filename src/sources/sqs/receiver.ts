import type { SQSClient, Message as SqsMessage } from '@aws-sdk/client-sqs';
import type { Batch } from '../../model/batch.ts';
import type { Message } from '../../model/message.ts';
import { damageOf, toMessage } from './convert.ts';
import type { PassedOver } from './passed-over.ts';
import { changeVisibility } from './visibility.ts';

const BATCH = 10;
const DELETE_ATTEMPTS = 5;
const RETRY_MS = 100;

export interface ReceiverOptions {
  client: SQSClient;
  queueUrl: string;
  waitSeconds: number;
  visibilitySeconds: number;
  /** The target's clock in ms, by which it judges whether a batch came too late. */
  targetNow(): number;
  /** Called with why a call had to be repeated or a message was given back. */
  note(text: string): void;
  /** Takes the messages that are to stay in the queue; absent: every message is wanted. */
  passedOver?: PassedOver;
}

/** Messages that this process holds: invisible to others until the deadline, which moves while they are held. */
export interface HeldBatch extends Batch {
  /** Deletes by id, retrying those that fail; returns the ids that SQS confirmed. */
  delete(ids: string[]): Promise<string[]>;
  /** Takes messages out of the batch, so that they are not appended. */
  drop(ids: string[]): void;
  /** Gives the messages back at once. */
  release(): Promise<void>;
  /** Stops extending; what was not deleted comes back by itself. */
  letGo(): void;
}

/** One long poll. undefined where nothing came; a batch of none where nothing of it was wanted. */
export async function receive(
  options: ReceiverOptions,
  limit: number,
  signal: AbortSignal,
): Promise<HeldBatch | undefined> {
  const { ReceiveMessageCommand } = await import('../../backends/sqs/library.ts');
  const answer = await options.client.send(
    new ReceiveMessageCommand({
      QueueUrl: options.queueUrl,
      MaxNumberOfMessages: Math.min(BATCH, limit),
      WaitTimeSeconds: options.waitSeconds,
      VisibilityTimeout: options.visibilitySeconds,
      MessageAttributeNames: ['All'],
      MessageSystemAttributeNames: ['All'],
    }),
    { abortSignal: signal },
  );
  const received = answer.Messages ?? [];
  const [sound, damaged] = sortOut(received);
  if (damaged.length > 0) await giveBack(options, damaged);
  if (sound.length === 0) return undefined;
  const wanted = sound.map((handed) => ({ handed, message: toMessage(handed) }));
  return hold(options, options.passedOver ? await options.passedOver.sift(wanted) : wanted);
}

/** What arrived whole, and what must come again: damaged messages, and those behind them in their group. */
function sortOut(received: SqsMessage[]): [sound: SqsMessage[], again: SqsMessage[]] {
  const broken = new Set<string>();
  const again = received.filter((message) => {
    const group = message.Attributes?.MessageGroupId;
    const back = damageOf(message) !== undefined || (group !== undefined && broken.has(group));
    if (back && group !== undefined) broken.add(group);
    return back;
  });
  return [received.filter((message) => !again.includes(message)), again];
}

async function giveBack(options: ReceiverOptions, damaged: SqsMessage[]): Promise<void> {
  for (const message of damaged.filter((one) => damageOf(one) !== undefined))
    options.note(
      `message ${message.MessageId} arrived damaged (MD5 of its ${damageOf(message)}); it is received again`,
    );
  await changeVisibility(options, damaged, 0).catch(() => undefined);
}

/** A message, and what SQS said when it handed it out. */
export interface Received {
  handed: SqsMessage;
  message: Message;
}

function hold(options: ReceiverOptions, received: Received[]): HeldBatch {
  let messages = received.map(({ message }) => message);
  const mark = { kind: 'ledger' as const, deadlineMs: options.targetNow() + lifeMs(options) };
  let held = received.map(({ handed }) => handed);
  const letGo = keepInvisible(options, mark, () => held);
  return {
    get count() {
      return messages.length;
    },
    bytes: messages.reduce((sum, message) => sum + (message.body?.length ?? 0), 0),
    rows: null,
    messages: () => messages,
    mark,
    delete: async (ids) => {
      const wanted = new Set(ids);
      const deleted = await deleteAll(
        options,
        held.filter((message) => wanted.has(message.MessageId!)),
      );
      const gone = new Set(deleted);
      held = held.filter((message) => !gone.has(message.MessageId!));
      return deleted;
    },
    drop: (ids) => {
      messages = messages.filter((message) => !ids.includes(message.id));
    },
    release: async () => {
      letGo();
      await changeVisibility(options, held, 0).catch(() => undefined);
    },
    letGo,
  };
}

const lifeMs = ({ visibilitySeconds }: ReceiverOptions): number => visibilitySeconds * 1000;

/** Moves the deadline of what is held, in time, until the function that it returns is called. */
function keepInvisible(
  options: ReceiverOptions,
  mark: { deadlineMs: number },
  held: () => SqsMessage[],
): () => void {
  const extend = async (): Promise<void> => {
    const until = options.targetNow() + lifeMs(options);
    try {
      await changeVisibility(options, held(), options.visibilitySeconds);
      mark.deadlineMs = until;
    } catch {
      // Not extended: the deadline stays, and the target refuses the batch after it.
    }
  };
  const heartbeat = setInterval(() => void extend(), lifeMs(options) / 2);
  return () => clearInterval(heartbeat);
}

async function deleteAll(options: ReceiverOptions, messages: SqsMessage[]): Promise<string[]> {
  const confirmed: string[] = [];
  let open = messages;
  for (let attempt = 1; open.length > 0 && attempt <= DELETE_ATTEMPTS; attempt += 1) {
    if (attempt > 1) await new Promise((resolve) => setTimeout(resolve, RETRY_MS * 2 ** (attempt - 2)));
    const failed = await deleteOnce(options, open);
    confirmed.push(...open.filter((message) => !failed.has(message)).map((message) => message.MessageId!));
    open = open.filter((message) => failed.get(message) === true);
  }
  return confirmed;
}

/** Which of the messages were not deleted, and whether it is worth trying again. */
async function deleteOnce(
  options: ReceiverOptions,
  messages: SqsMessage[],
): Promise<Map<SqsMessage, boolean>> {
  const entries = messages.map((message, i) => ({ Id: String(i), ReceiptHandle: message.ReceiptHandle! }));
  const { DeleteMessageBatchCommand } = await import('../../backends/sqs/library.ts');
  try {
    const answer = await options.client.send(
      new DeleteMessageBatchCommand({ QueueUrl: options.queueUrl, Entries: entries }),
    );
    const failures = answer.Failed ?? [];
    return new Map(
      failures.map((failure) => [
        messages[Number(failure.Id)]!,
        !failure.SenderFault || failure.Code === 'RequestThrottled',
      ]),
    );
  } catch {
    return new Map(messages.map((message) => [message, true]));
  }
}
