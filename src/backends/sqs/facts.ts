import type { SQSClient } from '@aws-sdk/client-sqs';
import type { SqsConnection } from './connect.ts';
import { toSqsError } from './errors.ts';

/** Attributes of a queue. The three counts are approximate in SQS and may lag by a minute. */
export interface QueueFacts {
  arn: string;
  visible: number;
  /** Received by somebody and neither deleted nor visible again. */
  inFlight: number;
  delayed: number;
  fifo: boolean;
  contentBasedDeduplication: boolean;
  visibilityTimeoutMs: number;
  retentionMs: number;
  delayMs: number;
  /** When the queue was made, in ms; another time is another queue of the same name. */
  createdMs: number | null;
  redrivePolicy: { deadLetterTargetArn: string; maxReceiveCount: number } | null;
  /** How long a receive waits that says nothing else. */
  receiveWaitMs: number;
  /** Of body and attributes together. */
  maximumMessageBytes: number | null;
  /** FIFO with limits by group instead of by queue; null for a standard queue. */
  highThroughput: boolean | null;
  /** `kms`: with a key of KMS, `sqs`: with keys of SQS itself; null where the queue does not say. */
  encryption: 'kms' | 'sqs' | 'none' | null;
  /** Id, alias or ARN of the key. */
  kmsKey: string | null;
}

/** Reads the attributes; changes nothing. Throws a QctlError of kind `source` or `auth`. */
export async function queueFacts(
  connection: Pick<SqsConnection, 'client' | 'queueUrl' | 'label'>,
): Promise<QueueFacts> {
  const { client, queueUrl, label } = connection;
  try {
    return toFacts(await readAttributes(client, queueUrl), queueUrl);
  } catch (error) {
    throw toSqsError(error, label, 'read the attributes of the queue');
  }
}

/** GetQueueAttributes of all attributes, raw. */
export async function readAttributes(
  client: SQSClient,
  queueUrl: string,
  abortSignal?: AbortSignal,
): Promise<Record<string, string>> {
  const { GetQueueAttributesCommand } = await import('./library.ts');
  const command = new GetQueueAttributesCommand({ QueueUrl: queueUrl, AttributeNames: ['All'] });
  const { Attributes } = await client.send(command, { abortSignal });
  return Attributes ?? {};
}

function toFacts(of: Record<string, string>, queueUrl: string): QueueFacts {
  const count = (name: string) => Number(of[name] ?? 0);
  const fifo = of.FifoQueue === 'true' || queueUrl.endsWith('.fifo');
  return {
    arn: of.QueueArn ?? '',
    visible: count('ApproximateNumberOfMessages'),
    inFlight: count('ApproximateNumberOfMessagesNotVisible'),
    delayed: count('ApproximateNumberOfMessagesDelayed'),
    fifo,
    contentBasedDeduplication: of.ContentBasedDeduplication === 'true',
    visibilityTimeoutMs: count('VisibilityTimeout') * 1000,
    retentionMs: count('MessageRetentionPeriod') * 1000,
    delayMs: count('DelaySeconds') * 1000,
    createdMs: of.CreatedTimestamp === undefined ? null : count('CreatedTimestamp') * 1000,
    redrivePolicy: redrivePolicyOf(of.RedrivePolicy),
    receiveWaitMs: count('ReceiveMessageWaitTimeSeconds') * 1000,
    maximumMessageBytes: of.MaximumMessageSize === undefined ? null : count('MaximumMessageSize'),
    highThroughput: fifo ? of.FifoThroughputLimit === 'perMessageGroupId' : null,
    encryption: encryptionOf(of),
    kmsKey: of.KmsMasterKeyId || null,
  };
}

function encryptionOf({ KmsMasterKeyId, SqsManagedSseEnabled }: Record<string, string>) {
  if (KmsMasterKeyId) return 'kms';
  if (SqsManagedSseEnabled === undefined) return null;
  return SqsManagedSseEnabled === 'true' ? 'sqs' : 'none';
}

// maxReceiveCount is a number or a string, as whoever set it wrote it.
function redrivePolicyOf(text: string | undefined): QueueFacts['redrivePolicy'] {
  if (!text) return null;
  const { deadLetterTargetArn, maxReceiveCount } = JSON.parse(text);
  return { deadLetterTargetArn: String(deadLetterTargetArn), maxReceiveCount: Number(maxReceiveCount) };
}
