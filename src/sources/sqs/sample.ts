import { connectSqs, type SqsOptions, toSqsError } from '../../backends/sqs/index.ts';
import { type HeldBatch, receive } from './receiver.ts';

/** Messages that nobody has given back come again after this. */
const VISIBILITY_SECONDS = 30;
/** A long poll asks every server of the queue: after one that comes back empty nothing is there. */
const WAIT_SECONDS = 1;

/**
 * Bodies of messages of a queue. They are received, which counts for each of them, kept from others meanwhile, and
 * given back in the end, also where it fails. A FIFO queue gives at most ten of each of its groups.
 *
 * @throws QctlError `source` or `auth` where the queue cannot be read
 */
export async function sampleQueue(
  options: SqsOptions,
  { count, bytes }: { count: number; bytes: number },
  signal: AbortSignal,
): Promise<Buffer[]> {
  const connection = await connectSqs(options);
  const { client, queueUrl, label } = connection;
  const receiver = {
    ...{ client, queueUrl, waitSeconds: WAIT_SECONDS, visibilitySeconds: VISIBILITY_SECONDS },
    targetNow: Date.now,
    note: () => undefined,
  };
  const held: HeldBatch[] = [];
  const bodies: Buffer[] = [];
  try {
    for (let read = 0; bodies.length < count && read < bytes; read += held.at(-1)!.bytes) {
      const batch = await receive(receiver, count - bodies.length, signal);
      if (!batch) break;
      held.push(batch);
      bodies.push(...batch.messages().flatMap(({ body }) => body ?? []));
    }
    return bodies;
  } catch (error) {
    throw toSqsError(error, label, 'receive messages to sample');
  } finally {
    await Promise.all(held.map((batch) => batch.release()));
    connection.close();
  }
}
