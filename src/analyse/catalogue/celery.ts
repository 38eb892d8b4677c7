import type { FindingKind } from '../finding.ts';

const SIDES = ['celery'] as const;

/** Findings about a queue of Celery in Redis. */
export const CELERY_FINDINGS: readonly FindingKind[] = [
  {
    code: 'CELERY_WORKERS',
    sides: SIDES,
    levels: ['warning'],
    title: 'Workers wait for messages',
    why: 'They and the drain share the queue: each message goes to one of them. Redis tells that somebody waits in this database with BRPOP, and not for which queue.',
    advice:
      'Stop the workers of this queue first and wait for them: a warm shutdown gives back what they have fetched.',
  },
  {
    code: 'UNACKED',
    sides: SIDES,
    levels: ['note'],
    title: 'Workers hold messages',
    why: 'A worker fetches more than it runs, and everything that has an eta. What it has fetched stands in unacked and not in the queue; the drain leaves it and says at the end how much it is.',
    advice: 'Stop the workers with SIGTERM, and drain once unacked is empty.',
  },
  {
    code: 'UNACKED_ABANDONED',
    sides: SIDES,
    levels: ['warning'],
    title: 'Messages of dead workers',
    why: 'A worker that was killed leaves its messages in unacked. Another worker would give them back after its visibility_timeout; where none runs any more they stay there for good, and no drain sees them.',
    advice: 'Start one worker of the same broker for a queue that nobody uses, until unacked is empty.',
  },
  {
    code: 'UNACKED_NOT_COUNTED',
    sides: SIDES,
    levels: ['note'],
    title: 'Too many unacknowledged messages to look at',
    why: 'unacked is one hash for all queues of the broker. Whose message one is shows in the message alone, and more than 20,000 are not read for it.',
    advice: 'Stop the workers, which give theirs back, and look again.',
  },
  {
    code: 'NOT_ENVELOPES',
    sides: SIDES,
    levels: ['warning'],
    title: 'Something else stands in the queue',
    why: 'What is not JSON with a body and a delivery_tag was not written by kombu, and no worker could read it. The drain sets it aside, whole, in the quarantine stream.',
    advice: 'Find out who else writes to the list.',
  },
  {
    code: 'PICKLED_BODIES',
    sides: SIDES,
    levels: ['warning'],
    title: 'Bodies are pickled',
    why: 'A pickle is read by Python alone, and whoever can write to the stream can make its reader run anything. The drain carries the bytes as they are.',
    advice: 'Set task_serializer to json before the drain.',
  },
  {
    code: 'LINKED_TASKS',
    sides: SIDES,
    levels: ['warning'],
    title: 'Tasks that others wait for',
    why: 'What follows on a task stands in its message and is started by the worker that ran it; a chord counts its parts in the result backend. Consumers of the stream know nothing of both unless they are told.',
    advice: 'Let the workers finish what is linked, and drain the single tasks with --types.',
  },
  {
    code: 'TASKS_WITH_ETA',
    sides: SIDES,
    levels: ['note'],
    title: 'Tasks are not due yet',
    why: 'A consumer of a stream gets its entries at once. The drain keeps what has an eta beside the stream until it is due, and somebody has to move it then.',
    advice: 'Let the drain follow, or run qctl maintain on the stream.',
  },
  {
    code: 'TASKS_EXPIRED',
    sides: SIDES,
    levels: ['note'],
    title: 'Tasks are past their expiry',
    why: 'A worker throws such a message away when it gets it. The drain leaves nothing out, and a consumer that does not look at the expiry runs it.',
    advice: 'Have the consumers compare attr.expires with the clock.',
  },
  {
    code: 'CELERY_QUEUE_UNKNOWN',
    sides: SIDES,
    levels: ['warning'],
    title: 'The broker does not know the queue',
    why: 'Redis has no empty lists: a queue without messages looks like one whose name is wrong, or that is in another database. A worker that has ever declared it would have left a binding.',
    advice: 'Check the name, the database number and the global_keyprefix.',
  },
  {
    code: 'BROKER_MAY_FORGET',
    sides: SIDES,
    levels: ['note'],
    title: 'The broker may lose its last writes',
    why: 'What the drain takes out of the queue is a write to the broker. Where a crash or a failover undoes it, messages are in the queue again that the stream has as well; the run notices that and stops instead of doubling them.',
    advice: 'Turn the append-only file on for the time of the drain.',
  },
  {
    code: 'BROKER_EVICTS',
    sides: SIDES,
    levels: ['warning'],
    title: 'The broker may evict queues',
    why: 'With an allkeys policy Redis deletes whole keys when its memory is full: a queue, or what a drain holds, is gone at once and without a trace.',
    advice: 'Set maxmemory-policy to noeviction on the broker.',
  },
];
