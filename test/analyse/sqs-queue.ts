import {
  DeleteMessageBatchCommand,
  ReceiveMessageCommand,
  SendMessageCommand,
  SetQueueAttributesCommand,
} from '@aws-sdk/client-sqs';
import { afterAll } from 'vitest';
import { sharedSqs, uniqueName } from '../support/shared.ts';
import {
  type FaultOptions,
  type SqsFaultProxy,
  sqsFaultProxy,
  standingIn,
  type TestMessage,
} from '../support/sqs.ts';

const proxies: SqsFaultProxy[] = [];
afterAll(() => Promise.all(proxies.map((proxy) => proxy.stop())));

/** SQS as it misbehaves, until the file is over. */
export async function misbehaving(options: FaultOptions = {}): Promise<SqsFaultProxy> {
  const proxy = await sqsFaultProxy(sharedSqs().endpoint, options);
  proxies.push(proxy);
  return proxy;
}

/** A queue of its own, and what a test does with it. */
export async function queueOf(
  messages: (string | TestMessage)[] = [],
  options: { fifo?: boolean; attributes?: Record<string, string> } = {},
) {
  const sqs = sharedSqs();
  const queueUrl = await sqs.createQueue(uniqueName('look'), options);
  await sqs.send(queueUrl, messages);
  const { client, endpoint } = sqs;
  return {
    sqs,
    queueUrl,
    name: queueUrl.slice(queueUrl.lastIndexOf('/') + 1),
    arn: arnOf(queueUrl),
    /** A case of the driver; through a proxy where an endpoint is given. */
    of: (through = endpoint) => ({ sqs: { endpoint: through, queueUrl } }),
    send: (more: (string | TestMessage)[]) => sqs.send(queueUrl, more),
    set: (Attributes: Record<string, string>) =>
      client.send(new SetQueueAttributesCommand({ QueueUrl: queueUrl, Attributes })),
    depth: () => sqs.depth(queueUrl),
    /** Every message as it stands, receive counts included; none is received. */
    standing: () => standingIn(endpoint, queueUrl),
    receive: (VisibilityTimeout = 30) =>
      client
        .send(
          new ReceiveMessageCommand({
            QueueUrl: queueUrl,
            MaxNumberOfMessages: 10,
            VisibilityTimeout,
            MessageSystemAttributeNames: ['All'],
          }),
        )
        .then(({ Messages = [] }) => Messages),
    delete: (handed: { ReceiptHandle?: string }[]) =>
      client.send(
        new DeleteMessageBatchCommand({
          QueueUrl: queueUrl,
          Entries: handed.map(({ ReceiptHandle }, i) => ({ Id: String(i), ReceiptHandle })),
        }),
      ),
    sendOne: (MessageBody: string) =>
      client.send(new SendMessageCommand({ QueueUrl: queueUrl, MessageBody })),
  };
}

export type TestQueue = Awaited<ReturnType<typeof queueOf>>;

/** A queue, and its dead-letter queue. */
export async function queueWithDeadLetters(
  messages: (string | TestMessage)[] = [],
  maxReceiveCount = 5,
  attributes: Record<string, string> = { MessageRetentionPeriod: '1209600' },
) {
  const letters = await queueOf([], { attributes });
  const queue = await queueOf(messages, { attributes: redriveTo(letters, maxReceiveCount) });
  return { queue, letters };
}

export function redriveTo({ arn }: { arn: string }, maxReceiveCount = 5): Record<string, string> {
  return { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arn, maxReceiveCount }) };
}

function arnOf(queueUrl: string): string {
  const [name, account] = queueUrl.split('/').reverse();
  return `arn:aws:sqs:us-east-1:${account}:${name}`;
}
