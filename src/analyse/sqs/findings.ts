import type { QueueFacts } from '../../backends/sqs/index.ts';
import type { DrainSettings } from '../../drain/index.ts';
import { formatDuration } from '../../model/duration.ts';
import type { Finding } from '../../model/finding.ts';
import { plural } from '../../model/plural.ts';
import { shortList } from '../../model/short-list.ts';
import type { SqsTrend } from './facts.ts';
import { growthOf } from './trend.ts';

/** SQS's own quota for standard and FIFO queues; AWS Support raises it, and some regions have less for FIFO. */
export const IN_FLIGHT_LIMIT = 120_000;
const NEAR = 0.8;

/** The queue, and what it is called in commands. */
export interface Named {
  /** The queue URL as it may be shown. */
  label: string;
  facts: QueueFacts;
}

/** What the attributes of the queue say. */
export function queueFindings(queue: Named, deadLettersOf: string[] | null): Finding[] {
  return [...ofFifo(queue), ...ofDelay(queue), ...ofFlight(queue), ...ofRedrive(queue, deadLettersOf ?? [])];
}

/** The command that sets attributes of a queue. */
export function setAttributes(url: string, attributes: string): string {
  return `aws sqs set-queue-attributes --queue-url ${url} --attributes '${attributes}'`;
}

function ofFifo({ label, facts }: Named): Finding[] {
  if (facts.highThroughput !== false) return [];
  return [
    {
      level: 'note',
      code: 'FIFO_LIMIT',
      text: 'the queue is FIFO without high throughput: SQS allows 300 calls a second of each action, so that at most 3000 messages a second can be drained, whatever the number of receivers',
      remedy: `${setAttributes(label, '{"DeduplicationScope":"messageGroup","FifoThroughputLimit":"perMessageGroupId"}')}, where producers need deduplication inside a message group only`,
    },
  ];
}

function ofDelay({ label, facts: { delayMs, delayed } }: Named): Finding[] {
  if (delayMs === 0 && delayed === 0) return [];
  const delays = delayMs > 0 ? [`the queue delays every message by ${delayMs / 1000} s`] : [];
  const waiting =
    delayed > 0
      ? [`${delayed} ${plural(delayed, 'message')} ${delayed === 1 ? 'is' : 'are'} delayed now`]
      : [];
  return [
    {
      level: 'note',
      code: 'DELAY_QUEUE',
      text: `${[...delays, ...waiting].join(', and ')}; a delayed message is drained once it is due, and the drain does not end before`,
      remedy:
        delayMs > 0
          ? `${setAttributes(label, '{"DelaySeconds":"0"}')}, which a standard queue does for new messages only`
          : 'wait until they are due (15 minutes at most), or let the drain wait for them',
    },
  ];
}

function ofFlight({ facts: { inFlight, fifo } }: Named): Finding[] {
  if (inFlight < IN_FLIGHT_LIMIT * NEAR) return [];
  return [
    {
      level: 'warning',
      code: 'IN_FLIGHT_NEAR_LIMIT',
      text: `${inFlight} messages are in flight, and SQS lets about ${IN_FLIGHT_LIMIT} be; beyond that ${fifo ? 'receives come back empty' : 'receives are refused with OverLimit, or come back empty'}`,
      remedy: 'stop the other consumers, and wait until their messages are deleted or visible again',
    },
  ];
}

function ofRedrive({ label, facts }: Named, deadLettersOf: string[]): Finding[] {
  if (deadLettersOf.length > 0)
    return [
      {
        level: 'note',
        code: 'IS_DEAD_LETTER_QUEUE',
        text: `the queue is the dead-letter queue of ${shortList(deadLettersOf)}: its messages have failed before, and more may come while it is drained`,
        remedy: `drain it after ${shortList(deadLettersOf)}, or into a stream of its own`,
      },
    ];
  if (facts.redrivePolicy) return [];
  const policy = `{"RedrivePolicy":"{\\"deadLetterTargetArn\\":\\"ARN\\",\\"maxReceiveCount\\":\\"5\\"}"}`;
  return [
    {
      level: 'note',
      code: 'NO_DEAD_LETTER_QUEUE',
      text: `the queue has no dead-letter queue: a message that its consumers cannot work off is received again until its retention of ${formatDuration(facts.retentionMs)} ends, and among the messages that are drained may be some like that`,
      remedy: `${setAttributes(label, policy)} with the ARN of one; or give the consumers of the stream a limit of deliveries (maxDeliveries and deadLetter in qctl.yaml)`,
    },
  ];
}

/** What two looks have shown. */
export function trendFindings(
  { facts }: Named,
  trend: SqsTrend | null,
  { follow, boundary, enqueuedBefore }: DrainSettings,
): Finding[] {
  if (!trend) return [];
  const findings: Finding[] = [];
  const growth = growthOf(trend);
  const seen = `in ${formatDuration(trend.observedMs)}`;
  if (growth > 0)
    findings.push({
      level: follow || boundary || enqueuedBefore ? 'note' : 'warning',
      code: 'GROWING',
      text: `the queue grows by ${growth} messages a second (seen ${seen}): a drain that ends when it is empty ends at the first moment at which it is`,
      remedy: 'let the producers write to the stream first, or drain with --follow until they do',
    });
  const dead = trend.deadLettersPerSecond ?? 0;
  if (dead > 0 && facts.redrivePolicy)
    findings.push({
      level: 'warning',
      code: 'DEAD_LETTERS_GROW',
      text: `${facts.redrivePolicy.deadLetterTargetArn} grows by ${dead} messages a second (seen ${seen}): a consumer of the queue fails`,
      remedy: 'stop that consumer, or mend it: what it turns into dead letters is not drained',
    });
  return findings;
}

/** Whether what is moved could be sent back. */
export function wayBackFindings(may: boolean, { facts, label }: Named): Finding[] {
  if (may) return [];
  return [
    {
      level: 'warning',
      code: 'NO_WAY_BACK',
      text: `SQS refuses sqs:SendMessage on ${label}: what is moved could not be sent back`,
      remedy: `allow sqs:SendMessage on ${facts.arn} in the IAM policy of the caller and in the policy of the queue`,
    },
  ];
}
