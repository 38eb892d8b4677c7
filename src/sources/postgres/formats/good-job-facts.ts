import type { Includable } from '../spec.ts';
import type { Told } from './findings.ts';
import type { FoundQueue } from './format.ts';
import { nowFor } from './parts.ts';
import { qualified } from './relations.ts';
import { notedColumns } from './tables.ts';

/** What an operator should know of it. */
export function goodJobFacts(found: FoundQueue, include: Includable[], alive: string): Told[] {
  const columns = notedColumns(found);
  const table = qualified(found.schema, 'good_jobs');
  const open = `FROM ${table} t WHERE t.finished_at IS NULL`;
  return [
    begunJobs(found, open, include.includes('running') ? alive : undefined),
    {
      count: `SELECT count(*) AS n ${open} AND t.active_job_id <> t.id`,
      level: 'warning',
      code: 'OLD_LAYOUT_JOBS',
      text: (n) =>
        `${n} enqueued by good_job 3 in its old layout, which workers lock in another way; those stay`,
      remedy: 'let the old workers finish them',
    },
    {
      count: `SELECT count(*) AS n ${open} AND t.scheduled_at IS NULL`,
      level: 'note',
      code: 'UNSCHEDULED_JOBS',
      text: (n) => `${n} without scheduled_at, which good_job 4 never runs; those stay`,
      remedy: `UPDATE ${table} SET scheduled_at = created_at WHERE scheduled_at IS NULL AND finished_at IS NULL`,
    },
    {
      count: `SELECT count(*) AS n ${open} AND (t.batch_id IS NOT NULL OR t.batch_callback_id IS NOT NULL)`,
      level: 'warning',
      code: 'BATCHED_JOBS',
      text: (n) => `${n} of a batch: good_job calls no callback of a batch whose jobs are run elsewhere`,
      remedy: 'let the batches finish first, or call what they would have called on the new side',
    },
    {
      count: `SELECT count(DISTINCT t.cron_key) AS n FROM ${table} t
               WHERE t.cron_at > ${nowFor(columns.cron_at)} - interval '1 day'`,
      level: 'warning',
      code: 'CRON_PRODUCES',
      text: () =>
        'cron entries of good_job have enqueued jobs within the last day, and go on as long as a process with enable_cron runs',
      remedy: 'set the schedule up on the new side and turn enable_cron off; a day later this is gone',
    },
  ];
}

/** With `alive`, a condition over processes `p`, only those whose process is: the others are taken. */
function begunJobs({ schema }: FoundQueue, open: string, alive: string | undefined): Told {
  const begun = '(t.performed_at IS NOT NULL OR t.locked_by_id IS NOT NULL)';
  const at = `EXISTS (SELECT 1 FROM ${qualified(schema, 'good_job_processes')} p WHERE p.id = t.locked_by_id AND ${alive})`;
  return {
    count: `SELECT count(*) AS n ${open} AND ${begun}${alive === undefined ? '' : ` AND ${at}`}`,
    level: 'note',
    code: 'BEGUN_JOBS',
    text: (n) => `${n} begun by a worker; those stay`,
    remedy:
      alive === undefined
        ? '--include running takes those whose worker is gone'
        : 'their workers are alive: wait until they are done',
  };
}
