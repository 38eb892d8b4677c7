import type { CelerySourceFacts } from '../../../src/analyse/index.ts';
import { type FactRow, figureText } from '../fact-text.ts';
import { bytes, count, lasting, listed, rate, told, UNKNOWN, withUnknown } from './words.ts';

/** What of a queue of Celery an operator looks at first. */
export function briefCelery(facts: CelerySourceFacts): FactRow[] {
  const { queue, database, serverVersion, growthPerSecond, observedMs } = facts;
  return [
    ['queue', `${queue} in database ${database}, Redis ${serverVersion ?? `of ${UNKNOWN} version`}`],
    ['ready', readyText(facts)],
    [
      'of these',
      withUnknown([
        ['scheduled', figureText(facts.scheduled)],
        ['expired', figureText(facts.expired)],
      ]),
    ],
    ['unacked', unackedText(facts)],
    [
      'workers',
      told(facts.workersWaiting, (n) => (n === 0 ? 'none waits' : `${count(n)} wait for messages`)),
    ],
    ...(growthPerSecond === null
      ? []
      : [
          [
            'trend',
            `${growthPerSecond > 0 ? '+' : ''}${rate(growthPerSecond)}; observed for ${lasting(observedMs ?? 0)}`,
          ] as FactRow,
        ]),
    ['bodies', bodiesText(facts)],
    ['persistence', persistenceText(facts)],
  ];
}

function readyText({ ready, lists }: CelerySourceFacts): string {
  const split = lists.length > 1 || (lists[0]?.priority ?? 0) > 0;
  const each = lists.map(({ priority, ready: n }) => `priority ${priority}: ${count(n)}`);
  return `${figureText(ready) ?? UNKNOWN}${split ? ` (${each.join(', ')})` : ''}`;
}

function unackedText({ unacked, unackedWaiting, oldestUnackedAgeMs }: CelerySourceFacts): string {
  if (unacked === null) return `${UNKNOWN}: too many to look at`;
  return listed(
    `${count(unacked)} with workers`,
    (unackedWaiting ?? 0) > 0 && `${count(unackedWaiting)} of them until their eta`,
    oldestUnackedAgeMs !== null && `the oldest for ${lasting(oldestUnackedAgeMs)}`,
  );
}

function bodiesText({
  p50BodyBytes,
  p99BodyBytes,
  maxBodyBytes,
  messagesSeen,
  ready,
}: CelerySourceFacts): string {
  if (maxBodyBytes === null) return 'none';
  const how = messagesSeen < (ready.value ?? 0) ? 'sampled in' : 'of all';
  return `median ${bytes(p50BodyBytes)}, p99 ${bytes(p99BodyBytes)}, largest ${bytes(maxBodyBytes)}; ${how} ${count(messagesSeen)}`;
}

function persistenceText({ aofEnabled, rdbSave, maxmemoryPolicy }: CelerySourceFacts): string {
  return listed(
    `append-only file ${told(aofEnabled, (on) => (on ? 'on' : 'off'))}`,
    `snapshots ${told(rdbSave, (points) => points || 'off')}`,
    `policy ${maxmemoryPolicy ?? UNKNOWN}`,
  );
}
