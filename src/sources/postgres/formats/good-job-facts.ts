import type { Told } from './findings.ts';
import type { FoundQueue } from './format.ts';
import { nowFor } from './parts.ts';
import { qualified } from './relations.ts';
import { notedColumns } from './tables.ts';

/** What an operator should know of it. */
export function goodJobFacts(found: FoundQueue): Told[] {
  const columns = notedColumns(found);
  const open = `FROM ${qualified(found.schema, 'good_jobs')} t WHERE t.finished_at IS NULL`;
  const begun = '(t.performed_at IS NOT NULL OR t.locked_by_id IS NOT NULL)';
  return [
    {
      count: `SELECT count(*) AS n ${open} AND ${begun}`,
      level: 'note',
      code: 'BEGUN_JOBS',
      text: (n) => `${n} begun by a worker; those stay`,
      remedy: '--include running takes those whose worker is gone',
    },
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
      remedy: `UPDATE good_jobs SET scheduled_at = created_at WHERE scheduled_at IS NULL AND finished_at IS NULL`,
    },
    {
      count: `SELECT count(*) AS n ${open} AND (t.batch_id IS NOT NULL OR t.batch_callback_id IS NOT NULL)`,
      level: 'warning',
      code: 'BATCHED_JOBS',
      text: (n) => `${n} of a batch: good_job calls no callback of a batch whose jobs are run elsewhere`,
      remedy: 'let the batches finish first, or call what they would have called on the new side',
    },
    {
      count: `SELECT count(DISTINCT t.cron_key) AS n FROM ${qualified(found.schema, 'good_jobs')} t
               WHERE t.cron_at > ${nowFor(columns.cron_at)} - interval '1 day'`,
      level: 'warning',
      code: 'CRON_PRODUCES',
      text: () =>
        'cron entries of good_job have enqueued jobs within the last day, and go on as long as a process with enable_cron runs',
      remedy: 'set the schedule up on the new side and turn enable_cron off',
    },
  ];
}
