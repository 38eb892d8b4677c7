/** What is known of an SQS source. SQS's counts are approximate and may be a minute late. */
export interface SqsSourceFacts {
  kind: 'sqs';
  /** The queue URL. */
  label: string;
  arn: string | null;
  type: 'standard' | 'fifo';
  /** FIFO: messages of the same body within five minutes are one. */
  contentBasedDeduplication: boolean;
  /** FIFO: the limits hold for each group instead of the queue; null for a standard queue. */
  highThroughput: boolean | null;
  /** Ready to be received. */
  visible: number;
  /** Received by somebody and neither deleted nor visible again. */
  inFlight: number;
  /** Not to be received yet. */
  delayed: number;
  /** How many may be in flight at once. */
  inFlightLimit: number;
  /** Null where the queue was looked at only once. */
  trend: SqsTrend | null;
  retentionMs: number;
  visibilityTimeoutMs: number;
  delayMs: number;
  /** How long a receive waits that says nothing else. */
  receiveWaitMs: number;
  /** Of body and attributes together. */
  maximumMessageBytes: number | null;
  /** After so many receives SQS moves a message to the dead-letter queue; null: never. */
  maxReceiveCount: number | null;
  /** Null where the queue has no dead-letter queue. */
  deadLetters: DeadLetterFacts | null;
  /** Names of the queues that have this one as their dead-letter queue; null where that may not be asked. */
  deadLettersOf: string[] | null;
  /** `kms`: with a key of KMS, `sqs`: with keys of SQS itself; null where the queue does not say. */
  encryption: 'kms' | 'sqs' | 'none' | null;
  kmsKey: string | null;
  /** RFC 3339. */
  createdAt: string | null;
  /** Median of a few GetQueueAttributes calls. */
  roundTripMs: number;
  /** sqs:ReceiveMessage, null where nothing was received: it cannot be asked for without receiving. */
  mayReceive: boolean | null;
  /** sqs:DeleteMessage. */
  mayDelete: boolean;
  /** sqs:ChangeMessageVisibility. */
  mayChangeVisibility: boolean;
  /** sqs:SendMessage, which only the way back needs. */
  maySend: boolean;
  /** Null where nothing was received. */
  sample: SqsSampleFacts | null;
}

/** By how much the counts change, messages a second; less than zero where they fall. */
export interface SqsTrend {
  /** Between the two looks. */
  observedMs: number;
  visiblePerSecond: number;
  inFlightPerSecond: number;
  delayedPerSecond: number;
  /** Null where there is no dead-letter queue, or it may not be looked at. */
  deadLettersPerSecond: number | null;
}

/** The queue that messages are moved to which have been received too often. */
export interface DeadLetterFacts {
  queue: string;
  /** Null where it may not be looked at, or is gone. */
  url: string | null;
  /** All messages in it, whether visible or not. */
  depth: number | null;
  retentionMs: number | null;
}

/** What messages were like that were received and given back. */
export interface SqsSampleFacts {
  received: number;
  /** Of them, those that the move selects. */
  wanted: number;
  medianBytes: number | null;
  p99Bytes: number | null;
  largestBytes: number | null;
  /** Messages whose body is in S3. */
  largePayloads: number;
  /** Buckets that those bodies are in. */
  buckets: string[];
  /** Different message groups. */
  groups: number;
  /** The oldest of the sample was sent at, RFC 3339. */
  oldestAt: string | null;
  /** This sample's own receive included. */
  highestReceiveCount: number | null;
  /** Messages that could not be given back at once; they are visible again when their time is over. */
  notGivenBack: number;
}
