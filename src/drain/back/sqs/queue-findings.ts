import type { QueueFacts } from '../../../backends/sqs/index.ts';
import type { Finding } from '../../../model/finding.ts';

/** What a queue does to the messages that come back to it. */
export function queueFindings({ fifo, delayMs, retentionMs, redrivePolicy }: QueueFacts): Finding[] {
  const findings: Finding[] = [];
  if (!fifo)
    findings.push({
      level: 'note',
      code: 'STANDARD_QUEUE',
      text: 'a standard queue keeps no order and recognises no repetition: messages arrive at least once',
    });
  if (delayMs > 0)
    findings.push({
      level: 'note',
      code: 'QUEUE_DELAYS',
      text: `the queue delays every message by ${delayMs / 1000} s`,
    });
  if (retentionMs > 0)
    findings.push({
      level: 'note',
      code: 'RETENTION_ANEW',
      text: `the queue keeps messages for ${Math.round(retentionMs / 86_400_000)} days, counted anew from now on; MessageId, SentTimestamp and the receive count begin anew as well`,
    });
  if (redrivePolicy)
    findings.push({
      level: 'note',
      code: 'RECEIVES_ANEW',
      text: `after ${redrivePolicy.maxReceiveCount} receives from now on a message moves to ${redrivePolicy.deadLetterTargetArn}; qctl.attempts says how often it was tried before`,
    });
  return findings;
}
