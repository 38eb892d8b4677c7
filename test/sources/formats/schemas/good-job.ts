const NOW = "(now() AT TIME ZONE 'UTC')";

/** The tables as good_job 4's installer makes them, as far as a drain meets them. */
export const GOOD_JOB = `
  CREATE TABLE good_jobs (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), queue_name text, priority integer, serialized_params jsonb,
    scheduled_at timestamp(6), performed_at timestamp(6), finished_at timestamp(6), error text,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL, active_job_id uuid, concurrency_key text,
    cron_key text, retried_good_job_id uuid, cron_at timestamp(6), batch_id uuid, batch_callback_id uuid,
    is_discrete boolean, executions_count integer, job_class text, error_event smallint, labels text[],
    locked_by_id uuid, locked_at timestamp(6), lock_type smallint);
  CREATE INDEX index_good_job_jobs_for_candidate_lookup ON good_jobs (priority ASC NULLS LAST, created_at)
    WHERE finished_at IS NULL;
  CREATE TABLE good_job_processes (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
    state jsonb, lock_type smallint);
  CREATE TABLE good_job_settings (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
    key text UNIQUE, value jsonb);
  CREATE TABLE good_job_executions (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(), created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL,
    active_job_id uuid NOT NULL, error text)`;

const KEY = `('x' || substr(md5('good_jobs' || '-' || id::text), 1, 16))::bit(64)::bigint`;

/** How a worker with advisory locks takes its next job, and what it asks once it has the lock. */
export const GOOD_JOB_ADVISORY = `
  WITH rows AS MATERIALIZED (
    SELECT id FROM good_jobs WHERE finished_at IS NULL AND scheduled_at <= ${NOW}
     ORDER BY priority ASC NULLS LAST, created_at ASC)
  SELECT id FROM rows WHERE pg_try_advisory_lock(${KEY}) LIMIT 1`;
export const GOOD_JOB_EXECUTABLE = 'SELECT id FROM good_jobs WHERE id = $1 AND finished_at IS NULL';
export const GOOD_JOB_UNLOCK = `SELECT pg_advisory_unlock(${KEY.replaceAll('id::text', '$1::text')})`;

/** How a worker with row locks takes one. */
export const GOOD_JOB_SKIP_LOCKED = `
  WITH candidate AS MATERIALIZED (
    SELECT id FROM good_jobs WHERE finished_at IS NULL AND locked_by_id IS NULL AND scheduled_at <= ${NOW}
     ORDER BY priority ASC NULLS LAST, created_at ASC LIMIT 1 FOR NO KEY UPDATE SKIP LOCKED)
  UPDATE good_jobs SET locked_by_id = $1, locked_at = ${NOW}, lock_type = 1 FROM candidate
   WHERE good_jobs.id = candidate.id RETURNING good_jobs.id`;
