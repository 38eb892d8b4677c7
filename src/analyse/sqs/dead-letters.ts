import {
  deadLetterSources,
  isGone,
  type QueueFacts,
  queueFacts,
  queueName,
  queueUrlOf,
} from '../../backends/sqs/index.ts';
import type { SqsSource } from '../../sources/sqs/index.ts';

/** The dead-letter queue of a queue. */
export interface DeadLetters {
  arn: string;
  queue: string;
  /** Null where it may not be looked at, or is gone. */
  url: string | null;
  gone: boolean;
  facts: QueueFacts | null;
  /** Looks again; null where that does not work. */
  look(): Promise<QueueFacts | null>;
}

/** Looks at the dead-letter queue; null where the queue has none. What may not be read is null. */
export async function lookAtDeadLetters({
  connection,
  facts,
}: Pick<SqsSource, 'connection' | 'facts'>): Promise<DeadLetters | null> {
  if (!facts.redrivePolicy) return null;
  const arn = facts.redrivePolicy.deadLetterTargetArn;
  const queue = queueName(arn);
  try {
    const url = await queueUrlOf(connection, arn);
    const look = () => queueFacts({ ...connection, queueUrl: url, label: url });
    const lookOrNull = () => look().catch(() => null);
    return { arn, queue, url, gone: false, facts: await look(), look: lookOrNull };
  } catch (error) {
    return { arn, queue, url: null, gone: isGone(error), facts: null, look: async () => null };
  }
}

/** Names of the queues whose dead letters come here; null where that may not be asked. */
export async function deadLettersOf({ connection }: Pick<SqsSource, 'connection'>): Promise<string[] | null> {
  try {
    return (await deadLetterSources(connection)).map(queueName);
  } catch {
    return null;
  }
}

/** All messages of a queue, whether visible or not. */
export function depthOf({ visible, inFlight, delayed }: QueueFacts): number {
  return visible + inFlight + delayed;
}
