/** The table as delayed_job_active_record's migration makes it. */
export const DELAYED_JOB = `
  CREATE TABLE delayed_jobs (
    id bigserial PRIMARY KEY, priority integer NOT NULL DEFAULT 0, attempts integer NOT NULL DEFAULT 0,
    handler text NOT NULL, last_error text, run_at timestamp(6), locked_at timestamp(6), failed_at timestamp(6),
    locked_by varchar, queue varchar, created_at timestamp(6), updated_at timestamp(6));
  CREATE INDEX delayed_jobs_priority ON delayed_jobs (priority, run_at)`;

const NOW = "(now() AT TIME ZONE 'UTC')";

/** How a worker takes its next job: one statement, committed by itself. */
export const DELAYED_JOB_RESERVE = `
  UPDATE delayed_jobs SET locked_at = ${NOW}, locked_by = $1 WHERE id IN (
    SELECT id FROM delayed_jobs
     WHERE ((run_at <= ${NOW} AND (locked_at IS NULL OR locked_at < ${NOW} - interval '4 hours')) OR locked_by = $1)
       AND failed_at IS NULL
     ORDER BY priority ASC, run_at ASC LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id`;
