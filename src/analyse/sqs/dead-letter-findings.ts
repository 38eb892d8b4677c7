import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import { type DeadLetters, depthOf } from './dead-letters.ts';
import { type Named, setAttributes } from './findings.ts';

/** SQS keeps no message longer. */
const LONGEST_MS = 14 * 86_400_000;

/** What the dead-letter queue of the queue says. */
export function deadLetterFindings(queue: Named, letters: DeadLetters | null): Finding[] {
  if (!letters) return [];
  if (letters.gone) return [gone(queue, letters)];
  if (!letters.facts) return [unknown(letters)];
  return [...waiting(letters, queue), ...retention(letters, queue)];
}

function gone({ label }: Named, { queue, arn }: DeadLetters): Finding {
  return {
    level: 'warning',
    code: 'DEAD_LETTER_QUEUE_GONE',
    text: `the redrive policy names ${arn}, and that queue does not exist: messages that are received too often have nowhere to go`,
    remedy: `aws sqs create-queue --queue-name ${queue}, or ${setAttributes(label, '{"RedrivePolicy":""}')}`,
  };
}

function unknown({ arn }: DeadLetters): Finding {
  return {
    level: 'note',
    code: 'DEAD_LETTERS_UNKNOWN',
    text: `${arn} cannot be looked at: whether dead letters wait in it is not known`,
    remedy: `allow sqs:GetQueueUrl and sqs:GetQueueAttributes on ${arn}`,
  };
}

function waiting({ queue, arn, url, facts }: DeadLetters, { facts: { arn: to } }: Named): Finding[] {
  const depth = depthOf(facts!);
  if (depth === 0) return [];
  return [
    {
      level: 'warning',
      code: 'DEAD_LETTERS_WAITING',
      text: `dead-letter queue ${queue} holds ${depth} ${plural(depth, 'message')}, which a drain of this queue leaves there`,
      remedy: `drain it too: qctl drain sqs --queue-url ${url} with a --to of its own; or put them back first: aws sqs start-message-move-task --source-arn ${arn} --destination-arn ${to}`,
    },
  ];
}

/** A FIFO queue counts the time of a dead letter anew, a standard queue goes on counting. */
function retention({ queue, url, facts: dead }: DeadLetters, { facts }: Named): Finding[] {
  if (facts.fifo || dead!.retentionMs > facts.retentionMs || dead!.retentionMs >= LONGEST_MS) return [];
  return [
    {
      level: 'note',
      code: 'DEAD_LETTER_RETENTION',
      text: `dead-letter queue ${queue} keeps messages for ${formatDuration(dead!.retentionMs)}, the queue itself for ${formatDuration(facts.retentionMs)}, and both count from when a message was sent: one that becomes a dead letter late is deleted soon after`,
      remedy: setAttributes(url!, `{"MessageRetentionPeriod":"${LONGEST_MS / 1000}"}`),
    },
  ];
}
