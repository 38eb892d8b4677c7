export const NOW = "(now() AT TIME ZONE 'UTC')";

const execution = (name: string, columns: string): string => `
  CREATE TABLE solid_queue_${name}_executions (
    id bigserial PRIMARY KEY, job_id bigint NOT NULL UNIQUE REFERENCES solid_queue_jobs ON DELETE CASCADE,
    created_at timestamp(6) NOT NULL${columns});`;
const PLACE = ', queue_name varchar NOT NULL, priority integer NOT NULL DEFAULT 0';

/** The tables as Solid Queue's db/queue_schema.rb makes them. */
export const SOLID_QUEUE = `
  CREATE TABLE solid_queue_jobs (
    id bigserial PRIMARY KEY, queue_name varchar NOT NULL, class_name varchar NOT NULL, arguments text,
    priority integer NOT NULL DEFAULT 0, active_job_id varchar, scheduled_at timestamp(6), finished_at timestamp(6),
    concurrency_key varchar, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
  CREATE INDEX index_solid_queue_jobs_on_finished_at ON solid_queue_jobs (finished_at);
  ${execution('ready', PLACE)}
  ${execution('scheduled', `${PLACE}, scheduled_at timestamp(6) NOT NULL`)}
  ${execution('blocked', `${PLACE}, concurrency_key varchar NOT NULL, expires_at timestamp(6) NOT NULL`)}
  ${execution('failed', ', error text')}
  ${execution('claimed', ', process_id bigint')}
  ${execution('recurring', ', task_key varchar NOT NULL, run_at timestamp(6) NOT NULL')}
  CREATE INDEX index_solid_queue_poll_all ON solid_queue_ready_executions (priority, job_id);
  CREATE TABLE solid_queue_pauses (
    id bigserial PRIMARY KEY, queue_name varchar NOT NULL UNIQUE, created_at timestamp(6) NOT NULL);
  CREATE TABLE solid_queue_processes (
    id bigserial PRIMARY KEY, kind varchar NOT NULL, last_heartbeat_at timestamp(6) NOT NULL, supervisor_id bigint,
    pid integer NOT NULL, hostname varchar, metadata text, created_at timestamp(6) NOT NULL, name varchar NOT NULL);
  CREATE TABLE solid_queue_recurring_tasks (
    id bigserial PRIMARY KEY, key varchar NOT NULL UNIQUE, schedule varchar NOT NULL,
    created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL);
  CREATE TABLE solid_queue_semaphores (
    id bigserial PRIMARY KEY, key varchar NOT NULL UNIQUE, value integer NOT NULL DEFAULT 1,
    expires_at timestamp(6) NOT NULL, created_at timestamp(6) NOT NULL, updated_at timestamp(6) NOT NULL)`;

/** How a worker claims its next job: one transaction of these three. */
export const SOLID_QUEUE_LOCK = `
  SELECT id, job_id FROM solid_queue_ready_executions ORDER BY priority, job_id LIMIT 1 FOR UPDATE SKIP LOCKED`;
export const SOLID_QUEUE_CLAIM = `
  INSERT INTO solid_queue_claimed_executions (job_id, process_id, created_at) VALUES ($1, $2, ${NOW})`;
export const SOLID_QUEUE_TAKE = 'DELETE FROM solid_queue_ready_executions WHERE id = $1';
