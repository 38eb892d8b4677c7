import type { QueueFacts } from '../../backends/sqs/index.ts';
import type { Finding } from '../../model/finding.ts';
import { MOST_PASSED_OVER } from './passed-over.ts';

/** A message may be received once by this run, once more after a kill, and has to be left one for its own consumer. */
const SAFE_RECEIVES = 3;

/** What an operator should know before messages are received that then stay in the queue. */
export function selectionFindings(facts: QueueFacts, allowed: boolean): Finding[] {
  return [...checkReceiveCount(facts, allowed), ...checkGroups(facts), ...checkRoom(facts)];
}

function checkReceiveCount({ redrivePolicy }: QueueFacts, allowed: boolean): Finding[] {
  const counted =
    'SQS cannot select: every message is received, and one that stays has one receive more on its count';
  if (!redrivePolicy) return [{ level: 'note', code: 'RECEIVE_COUNT', text: counted }];
  const { maxReceiveCount, deadLetterTargetArn } = redrivePolicy;
  const safe = maxReceiveCount >= SAFE_RECEIVES;
  return [
    {
      level: safe || allowed ? 'warning' : 'blocker',
      code: 'RECEIVE_COUNT',
      text: `${counted}; after ${maxReceiveCount} receives SQS moves it to ${deadLetterTargetArn}`,
      remedy: safe
        ? 'raise maxReceiveCount for the time of the drain'
        : 'raise maxReceiveCount for the time of the drain, or --allow-receive-count',
    },
  ];
}

function checkGroups({ fifo }: QueueFacts): Finding[] {
  if (!fifo) return [];
  return [
    {
      level: 'note',
      code: 'GROUPS_BLOCKED',
      text: 'the queue is FIFO: behind a message that stays, all later ones of its group stay as well, wanted or not',
    },
  ];
}

function checkRoom({ visible }: QueueFacts): Finding[] {
  if (visible <= MOST_PASSED_OVER) return [];
  return [
    {
      level: 'warning',
      code: 'MANY_MESSAGES',
      text: `the queue holds about ${visible} messages, and SQS lets about 120,000 be kept invisible: the drain ends early once ${MOST_PASSED_OVER} are passed over`,
      remedy: 'drain more types at once, so that fewer messages stay',
    },
  ];
}
