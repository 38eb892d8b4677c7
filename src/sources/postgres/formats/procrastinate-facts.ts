import type { Includable } from '../spec.ts';
import type { Told } from './findings.ts';
import type { FoundQueue } from './format.ts';
import { qualified } from './relations.ts';

/** What an operator should know of it. */
export function procrastinateFacts(found: FoundQueue, include: Includable[], abandoned: string): Told[] {
  const table = qualified(found.schema, 'procrastinate_jobs');
  const taken = include.includes('running');
  return [
    {
      count: `SELECT count(*) AS n FROM ${table} t WHERE t.status = 'doing'${taken ? ` AND NOT ${abandoned}` : ''}`,
      level: 'note',
      code: 'RUNNING_JOBS',
      text: (n) => `${n} in doing; those stay, and so do jobs of the same lock behind them`,
      remedy: taken
        ? 'their workers are alive: wait until they are done'
        : '--include running takes those whose worker is gone',
    },
    {
      count: `SELECT count(DISTINCT (d.task_name, d.periodic_id)) AS n
                FROM ${qualified(found.schema, 'procrastinate_periodic_defers')} d
               WHERE d.defer_timestamp > extract(epoch FROM now() - interval '1 day')`,
      noun: 'periodic task',
      level: 'warning',
      code: 'PERIODIC_TASKS',
      text: (n) => `${n} deferred within the last day: the workers go on deferring as long as one runs`,
      remedy: 'set the schedule up on the new side and stop the old workers; a day later this is gone',
    },
  ];
}
