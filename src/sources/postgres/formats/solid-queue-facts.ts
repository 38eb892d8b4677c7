import { escapeLiteral } from '../../../backends/postgres/index.ts';
import type { Includable } from '../spec.ts';
import type { Told } from './findings.ts';
import type { SolidQueue } from './solid-queue-states.ts';

/** What an operator should know of it. */
export function solidQueueFacts(queue: SolidQueue, include: Includable[]): Told[] {
  const { jobs, claimed, blocked, processes, now } = queue;
  const taken = include.includes('running');
  const alive = `EXISTS (SELECT 1 FROM ${processes} p WHERE p.id = x.process_id AND ${isAlive(now)})`;
  return [
    {
      count: `SELECT count(*) AS n FROM ${claimed} x${taken ? ` WHERE ${alive}` : ''}`,
      level: 'note',
      code: 'RUNNING_JOBS',
      text: (n) => `${n} claimed by workers; those stay`,
      remedy: taken
        ? 'their processes are alive: wait until they are done'
        : '--include running takes those whose process is gone',
    },
    {
      count: `SELECT count(*) AS n FROM ${blocked}`,
      level: 'note',
      code: 'BLOCKED_JOBS',
      text: (n) => `${n} blocked by a concurrency limit: each becomes ready as the one before it is moved`,
      remedy:
        'nothing has to be done; without --include running they wait for those that workers have claimed',
    },
    {
      count: `SELECT count(*) AS n FROM ${jobs} WHERE finished_at IS NULL AND concurrency_key IS NOT NULL`,
      level: 'note',
      code: 'CONCURRENCY_LIMITS',
      text: (n) =>
        `${n} with a concurrency limit, which a stream does not know; attr.concurrency_key carries the key`,
      remedy:
        'let the consumers limit themselves by attr.concurrency_key, or let the old workers finish these jobs',
    },
    ...recurringTasks(queue),
  ];
}

/** As Solid Queue itself takes a process for dead. */
function isAlive(now: string): string {
  return `p.last_heartbeat_at > ${now} - interval '5 minutes'`;
}

/** A list of tasks stays in the database when the scheduler is stopped. */
function recurringTasks({ recurring, processes, now }: SolidQueue): Told[] {
  const scheduler = `EXISTS (SELECT 1 FROM ${processes} p WHERE p.kind = 'Scheduler' AND ${isAlive(now)})`;
  const task = { noun: 'recurring task', code: 'RECURRING_TASKS' };
  return [
    {
      ...task,
      count: `SELECT count(*) AS n FROM ${recurring} WHERE ${scheduler}`,
      level: 'warning',
      text: (n) => `${n}: the scheduler goes on enqueueing as long as it runs`,
      remedy:
        'set the schedule up on the new side and stop the old scheduler (SOLID_QUEUE_SKIP_RECURRING=true)',
    },
    {
      ...task,
      count: `SELECT count(*) AS n FROM ${recurring} WHERE NOT ${scheduler}`,
      level: 'note',
      text: (n) => `${n}: no scheduler is seen at work, and nobody enqueues them on the new side by itself`,
      remedy: `set the schedule up on the new side, then DELETE FROM ${recurring}`,
    },
  ];
}

/** Our pauses bear a time of their own, so that those which were there before stay. */
const PAUSED_AT = "'2999-01-01 00:00:00'";

/** Pauses of those queues, or of all that have jobs; and what takes them back. */
export function solidQueuePauses(
  { jobs, pauses }: SolidQueue,
  queues: string[] | undefined,
): { freeze: string[]; thaw: string[] } {
  const names = queues?.length
    ? `unnest(ARRAY[${queues.map(escapeLiteral).join(', ')}]::text[]) q (queue_name)`
    : `(SELECT DISTINCT queue_name FROM ${jobs} WHERE finished_at IS NULL) q`;
  return {
    freeze: [
      `INSERT INTO ${pauses} (queue_name, created_at) SELECT q.queue_name, ${PAUSED_AT} FROM ${names}
       ON CONFLICT (queue_name) DO NOTHING`,
    ],
    thaw: [`DELETE FROM ${pauses} WHERE created_at = ${PAUSED_AT}`],
  };
}
