import { randomUUID } from 'node:crypto';
import {
  CreateQueueCommand,
  GetQueueAttributesCommand,
  type MessageAttributeValue,
  type MessageSystemAttributeValue,
  SendMessageBatchCommand,
  type SendMessageBatchRequestEntry,
  SQSClient,
  type SQSClientConfig,
} from '@aws-sdk/client-sqs';
import { endChild, forkUntilReady } from './child.ts';
import { freePort } from './server-process.ts';

/*
 * Where the emulator (fauxqs 1.9 with fauxqs-patches.mjs) differs from Amazon SQS, and a test that passes
 * here proves less than it seems:
 *
 * Order and duplicates: a standard queue delivers in order and each message once per visibility period. SQS
 * reorders and now and then delivers twice; the fault proxy's lost deletes and dropped answers stand for that.
 * Receive: every message that is there is found; SQS samples its servers and may answer empty or short when
 * WaitTimeSeconds is 0. A poller whose connection broke takes nothing here; in SQS it may.
 * Visibility: an expired receipt handle is answered with success and deletes nothing. SQS still deletes on a
 * standard queue unless the message was received again, and fails the entry on a FIFO queue. The 12 hours from
 * the first receive that ChangeMessageVisibility may not exceed are not enforced; visibility expires when the
 * queue is next looked at, not by a clock.
 * In flight: no limit. SQS stops at about 120 000 (standard: OverLimit or, with long polls, empty answers;
 * FIFO: 120 000 too, empty answers); see the fault proxy's overLimitRate.
 * FIFO: groups are locked as in SQS; a receive takes round-robin from groups rather than as many as possible
 * of one group; ReceiveRequestAttemptId is ignored; deduplication remembers 10 000 ids, always for the whole
 * queue (DeduplicationScope and FifoThroughputLimit are stored, not obeyed). Sequence numbers start at 1.
 * Delays: per message and per queue; a delayed message becomes visible when the queue is next looked at.
 * Counts: exact and immediate. In SQS they are approximate and may take a minute to settle, so "0" needs to
 * be seen repeatedly. Here a drainer's emptiness check is never lied to.
 * MD5: of bodies and attributes as in SQS, except that MD5OfMessageAttributes covers all attributes even when
 * only some were asked for.
 * System attributes: SenderId is the account id; DeadLetterQueueSourceArn is never given. A message that moves
 * to a dead-letter queue keeps its receive count. SentTimestamp and the rest are as in SQS.
 * Attributes: more than ten, unknown data types, reserved names (AWS., Amazon.) and empty values are accepted.
 * Binary values arrive unchanged but count with their base64 length, 4/3 of it, against the limit.
 * Sizes: 1 MiB for a message and for a batch, as in SQS; MaximumMessageSize of the queue is obeyed.
 * Missing: message move tasks (StartMessageMoveTask …), RedriveAllowPolicy, encryption (told, not done),
 * retention (nothing ever expires), permissions (AccessDenied), throttling, the 60 s pause between purges and
 * after a deletion, KMS, NextToken of ListQueues. Nothing survives the process.
 */

export interface TestMessage {
  body: string;
  attributes?: Record<string, MessageAttributeValue>;
  /** Required on a FIFO queue. */
  groupId?: string;
  /** On a FIFO queue a random one is taken when this is missing. */
  deduplicationId?: string;
  delaySeconds?: number;
  traceHeader?: string;
}

export interface QueueDepth {
  visible: number;
  inFlight: number;
  delayed: number;
  total: number;
}

/** What a test may do with an emulator that somebody else started. */
export interface SqsAccess {
  readonly endpoint: string;
  readonly client: SQSClient;
  /** Creates it, or returns the URL of the one that is there; `.fifo` is appended where needed. */
  createQueue(
    name: string,
    options?: { fifo?: boolean; attributes?: Record<string, string> },
  ): Promise<string>;
  /** Batches of ten; in parallel on a standard queue, one after the other on a FIFO queue. Returns message ids in order. */
  send(queueUrl: string, messages: (string | TestMessage)[]): Promise<string[]>;
  /**
   * The same in one call past the client, for thousands of messages; their attributes are texts and numbers. The
   * emulator itself has to be the endpoint, and no proxy before it.
   */
  fill(queueUrl: string, messages: (string | TestMessage)[]): Promise<string[]>;
  depth(queueUrl: string): Promise<QueueDepth>;
}

export interface TestSqs extends SqsAccess {
  readonly port: number;
  readonly pid: number;
  stop(): Promise<void>;
}

/** The emulator on a free port, in a process of its own, ready to answer. Its state is in memory only. */
export async function startSqs({ port }: { port?: number } = {}): Promise<TestSqs> {
  const listenPort = port ?? (await freePort());
  const { child } = await forkUntilReady('./fauxqs-server.mjs', [String(listenPort)]);
  const access = connectSqs(`http://127.0.0.1:${listenPort}`);
  const stop = async () => {
    access.client.destroy();
    await endChild(child);
  };
  return { ...access, port: listenPort, pid: child.pid!, stop };
}

/** Access to a running emulator; `config` changes the client, for example `{ maxAttempts: 1 }`. */
export function connectSqs(endpoint: string, config: SQSClientConfig = {}): SqsAccess {
  // The SDK would print a notice about Node 20 into every test run. qctl's own processes do not inherit this.
  process.env.AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED = 'true';
  const client = new SQSClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
    ...config,
  });
  return {
    endpoint,
    client,
    createQueue: (name, options) => createQueue(client, name, options),
    send: (queueUrl, messages) => send(client, queueUrl, messages),
    fill: (queueUrl, messages) => fill(endpoint, queueUrl, messages),
    depth: (queueUrl) => depth(client, queueUrl),
  };
}

async function createQueue(
  client: SQSClient,
  name: string,
  { fifo = false, attributes = {} }: { fifo?: boolean; attributes?: Record<string, string> } = {},
): Promise<string> {
  const QueueName = fifo && !name.endsWith('.fifo') ? `${name}.fifo` : name;
  const Attributes = fifo ? { FifoQueue: 'true', ...attributes } : attributes;
  const { QueueUrl } = await client.send(new CreateQueueCommand({ QueueName, Attributes }));
  return QueueUrl!;
}

const BATCH = 10;
const PARALLEL = 8;

async function send(
  client: SQSClient,
  queueUrl: string,
  messages: (string | TestMessage)[],
): Promise<string[]> {
  const fifo = queueUrl.endsWith('.fifo');
  const ids: string[] = new Array(messages.length);
  let next = 0;
  const worker = async () => {
    for (let from = next; from < messages.length; from = next) {
      next += BATCH;
      const entries = messages
        .slice(from, from + BATCH)
        .map((message, index) => entryOf(message, index, fifo));
      const sent = await sendBatch(client, queueUrl, entries);
      for (const [index, id] of sent) ids[from + index] = id;
    }
  };
  await Promise.all(Array.from({ length: fifo ? 1 : PARALLEL }, worker));
  return ids;
}

async function fill(
  endpoint: string,
  QueueUrl: string,
  messages: (string | TestMessage)[],
): Promise<string[]> {
  const fifo = QueueUrl.endsWith('.fifo');
  const Entries = messages.map((message, index) => entryOf(message, index, fifo));
  const answer = await fetch(`${endpoint}/_test/send`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-amz-json-1.0' },
    body: JSON.stringify({ QueueUrl, Entries }),
  });
  if (!answer.ok) throw new Error(`the emulator refused test messages: ${await answer.text()}`);
  return (await answer.json()) as string[];
}

async function sendBatch(
  client: SQSClient,
  QueueUrl: string,
  Entries: SendMessageBatchRequestEntry[],
): Promise<[number, string][]> {
  const { Successful = [], Failed = [] } = await client.send(
    new SendMessageBatchCommand({ QueueUrl, Entries }),
  );
  if (Failed.length > 0)
    throw new Error(`SQS refused a test message: ${Failed[0]!.Code}: ${Failed[0]!.Message}`);
  return Successful.map(({ Id, MessageId }) => [Number(Id), MessageId!]);
}

function entryOf(message: string | TestMessage, index: number, fifo: boolean): SendMessageBatchRequestEntry {
  const { body, attributes, groupId, deduplicationId, delaySeconds, traceHeader } =
    typeof message === 'string' ? ({ body: message } as TestMessage) : message;
  return {
    Id: String(index),
    MessageBody: body,
    MessageAttributes: attributes,
    DelaySeconds: delaySeconds,
    MessageGroupId: groupId ?? (fifo ? 'default' : undefined),
    MessageDeduplicationId: deduplicationId ?? (fifo ? randomUUID() : undefined),
    MessageSystemAttributes: traceHeader ? traceAttribute(traceHeader) : undefined,
  };
}

function traceAttribute(StringValue: string): Record<'AWSTraceHeader', MessageSystemAttributeValue> {
  return { AWSTraceHeader: { DataType: 'String', StringValue } };
}

/** A message as it stands in a queue of the emulator. */
export interface StandingMessage {
  messageId: string;
  body: string;
  messageAttributes: Record<string, { DataType: string; StringValue?: string; BinaryValue?: string }>;
  messageGroupId?: string;
  sequenceNumber?: string;
}

/** Everything that stands in a queue, in its order, without receiving it; binary values are base64. */
export async function standingIn(endpoint: string, queueUrl: string): Promise<StandingMessage[]> {
  const name = queueUrl.slice(queueUrl.lastIndexOf('/') + 1);
  const answer = await fetch(`${endpoint}/_fauxqs/queues/${name}`);
  const { messages } = (await answer.json()) as {
    messages: {
      ready: StandingMessage[];
      delayed: StandingMessage[];
      inflight: { message: StandingMessage }[];
    };
  };
  const all = [...messages.ready, ...messages.delayed, ...messages.inflight.map(({ message }) => message)];
  return all.sort((a, b) => (a.sequenceNumber ?? '').localeCompare(b.sequenceNumber ?? ''));
}

async function depth(client: SQSClient, QueueUrl: string): Promise<QueueDepth> {
  const { Attributes = {} } = await client.send(
    new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] }),
  );
  const visible = Number(Attributes.ApproximateNumberOfMessages);
  const inFlight = Number(Attributes.ApproximateNumberOfMessagesNotVisible);
  const delayed = Number(Attributes.ApproximateNumberOfMessagesDelayed);
  return { visible, inFlight, delayed, total: visible + inFlight + delayed };
}

export {
  type FaultOptions,
  type FaultStats,
  type SqsFaultProxy,
  type SqsFaultProxyProcess,
  sqsFaultProxy,
  startSqsFaultProxyProcess,
} from './sqs-fault-proxy.ts';
