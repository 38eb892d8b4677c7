import { isDenial, toSqsError } from '../../backends/sqs/index.ts';
import { QctlError } from '../../errors.ts';
import type { Batch } from '../../model/batch.ts';
import type { Message } from '../../model/message.ts';
import { Interrupted } from '../../model/patience.ts';
import { PassedOver, receive, type SqsSource } from '../../sources/sqs/index.ts';

/** No more is received, whatever was asked for. */
export const MOST_SAMPLED = 1000;
/** Receiving ends once it holds so many bytes of bodies. */
const MOST_BYTES = 64 * 1024 * 1024;
/** One receive by the sample, one by an interrupted drain, and one for the queue's own consumer. */
const LEAST_RECEIVES = 3;
/** After a kill -9 the messages are visible again when it is over; renewed at half of it. */
const HOLD_SECONDS = 30;
const WAIT_SECONDS = 1;

/** Messages that were received and given back. */
export interface Sampled {
  /** As they were received, the count of this receive included. */
  messages: Message[];
  /** Those that could not be given back at once. */
  notGivenBack: number;
  /** The right that receiving lacks: `sqs:ReceiveMessage`, `kms:Decrypt`. */
  denied: string | null;
}

/** Refuses to sample where messages that are received too often become dead letters soon. */
export function refuseFewReceives({ facts, label }: Pick<SqsSource, 'facts' | 'label'>): void {
  const { redrivePolicy } = facts;
  if (!redrivePolicy || redrivePolicy.maxReceiveCount >= LEAST_RECEIVES) return;
  const { maxReceiveCount, deadLetterTargetArn } = redrivePolicy;
  throw new QctlError(
    'refused',
    `no sample of ${label}: a sample counts as a receive, and after ${maxReceiveCount} SQS moves a message to ${deadLetterTargetArn}`,
    {
      code: 'SAMPLE_RECEIVE_COUNT',
      hint: [`raise maxReceiveCount to ${LEAST_RECEIVES} or more, or analyse without --sample`],
    },
  );
}

/**
 * Receives up to `wanted` messages with the drain's own conversion, keeps them invisible meanwhile so that none
 * is received twice, and gives all of them back, whatever happens. Each has one receive more on its count then.
 * Ends early where a message is one receive from the dead-letter queue; one that is past that already is moved
 * there by SQS itself, as with anybody's next receive.
 *
 * @throws Interrupted after the messages were given back
 */
export async function takeSample(source: SqsSource, wanted: number, signal?: AbortSignal): Promise<Sampled> {
  const { client, queueUrl } = source.connection;
  const limit = source.facts.redrivePolicy?.maxReceiveCount ?? null;
  const messages = new Map<string, Message>();
  let bytes = 0;
  let near = false;
  const take = (message: Message): 'filter' => {
    messages.set(message.id, message);
    bytes += message.body?.length ?? 0;
    near ||= limit !== null && (message.attempts ?? 1) >= limit - 1;
    return 'filter';
  };
  const most = Math.min(wanted, MOST_SAMPLED, source.facts.visible);
  const held = new PassedOver({
    client,
    queueUrl,
    select: take,
    fifo: false,
    holdSeconds: HOLD_SECONDS,
    maxReceiveCount: limit,
  });
  const enough = (): boolean =>
    messages.size >= most || bytes >= MOST_BYTES || near || signal?.aborted === true;
  let denied: string | null = null;
  let notGivenBack = 0;
  try {
    while (!enough() && (await receiveSome(source, held, most - messages.size)));
  } catch (error) {
    denied = deniedBy(error);
    if (denied === null) throw toSqsError(error, source.label, 'receive a sample');
  } finally {
    notGivenBack = await held.release();
  }
  if (signal?.aborted) throw new Interrupted();
  return { messages: [...messages.values()], notGivenBack, denied };
}

/** One receive; false where nothing came. It is not ended by a signal: what it brings would be lost for a while. */
async function receiveSome({ connection }: SqsSource, held: PassedOver, limit: number): Promise<boolean> {
  const options = {
    client: connection.client,
    queueUrl: connection.queueUrl,
    waitSeconds: WAIT_SECONDS,
    visibilitySeconds: HOLD_SECONDS,
    targetNow: () => Date.now(),
    note: () => undefined,
    passedOver: held,
  };
  const batch = await receive(options, limit, new AbortController().signal);
  batch?.letGo();
  return batch !== undefined;
}

function deniedBy(error: unknown): string | null {
  if (error instanceof Error && /KmsAccessDenied|KMS[.]AccessDenied/.test(error.name)) return 'kms:Decrypt';
  return isDenial(error) ? 'sqs:ReceiveMessage' : null;
}

/** Messages in tens, as the drain's receivers hand them on. */
export function inBatches(messages: Message[]): Batch[] {
  const batches: Batch[] = [];
  for (let at = 0; at < messages.length; at += 10) {
    const part = messages.slice(at, at + 10);
    batches.push({
      count: part.length,
      bytes: part.reduce((sum, { body }) => sum + (body?.length ?? 0), 0),
      rows: null,
      messages: () => part,
      mark: { kind: 'ledger', deadlineMs: Number.POSITIVE_INFINITY },
    });
  }
  return batches;
}
