import type { QueueFacts } from '../../backends/sqs/index.ts';
import { formatDuration } from '../../model/duration.ts';

/** What the queue does for its messages and the stream does not, each as a sentence. */
export function notCarried({ fifo, retentionMs, redrivePolicy, delayMs }: QueueFacts): string[] {
  const sentences = [
    `The retention of ${formatDuration(retentionMs)}: an entry stays in the stream until it is trimmed or deleted.`,
    'The receipt handles: what another consumer holds at the moment is drained once it is visible again.',
  ];
  if (redrivePolicy)
    sentences.push(
      `The limit of ${redrivePolicy.maxReceiveCount} receives: consumers of the stream count deliveries anew and need a limit of their own.`,
    );
  if (fifo)
    sentences.push(
      'Deduplication within five minutes: a producer that writes twice to the stream makes two entries.',
    );
  if (delayMs > 0)
    sentences.push(
      `The delay of ${delayMs / 1000} s of every message: what is added to the stream is there at once.`,
    );
  return sentences;
}
