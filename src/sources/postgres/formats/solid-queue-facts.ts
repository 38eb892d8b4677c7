import { escapeLiteral } from 'pg';
import type { Told } from './findings.ts';
import type { SolidQueue } from './solid-queue-states.ts';

/** What an operator should know of it. */
export function solidQueueFacts({ jobs, claimed, blocked, recurring }: SolidQueue): Told[] {
  return [
    {
      count: `SELECT count(*) AS n FROM ${claimed}`,
      level: 'note',
      code: 'RUNNING_JOBS',
      text: (n) => `${n} claimed by workers; those stay`,
      remedy: '--include running takes those whose process is gone',
    },
    {
      count: `SELECT count(*) AS n FROM ${blocked}`,
      level: 'note',
      code: 'BLOCKED_JOBS',
      text: (n) => `${n} blocked by a concurrency limit: each becomes ready as the one before it is moved`,
    },
    {
      count: `SELECT count(*) AS n FROM ${jobs} WHERE finished_at IS NULL AND concurrency_key IS NOT NULL`,
      level: 'note',
      code: 'CONCURRENCY_LIMITS',
      text: (n) =>
        `${n} with a concurrency limit, which a stream does not know; attr.concurrency_key carries the key`,
    },
    {
      count: `SELECT count(*) AS n FROM ${recurring}`,
      noun: 'recurring task',
      level: 'warning',
      code: 'RECURRING_TASKS',
      text: (n) => `${n}: the scheduler goes on enqueueing as long as it runs`,
      remedy:
        'set the schedule up on the new side and stop the old scheduler (SOLID_QUEUE_SKIP_RECURRING=true)',
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
