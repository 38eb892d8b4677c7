import type { FormatName } from '../../src/sources/postgres/spec.ts';

const NUMBERS = 'generate_series(1, $1::int) n';
/** Due for a while, in the order of the numbers. */
const DUE = `now() - interval '1 hour' + n * interval '1 ms'`;
const UTC_DUE = `(now() AT TIME ZONE 'UTC') - interval '1 hour' + n * interval '1 ms'`;
/** A third of the jobs has a key, where the library knows one. */
const KEYED = 'n % 3 = 0';
const KEY = `CASE WHEN ${KEYED} THEN 'key-' || n % 21 END`;

/** Fills a queue with `$1` ready jobs; the body of each ends with its number. */
export const FILL: Record<Exclude<FormatName, 'generic'>, string> = {
  pgboss: `
    INSERT INTO pgboss.job (name, data, priority, created_on, start_after)
    SELECT 'mails', jsonb_build_object('n', n), n % 3, ${DUE}, ${DUE} FROM ${NUMBERS}`,
  'graphile-worker': `
    SELECT graphile_worker.add_job('sort', json_build_object('n', n), queue_name := ${KEY}, run_at := ${DUE})
      FROM ${NUMBERS}`,
  pgmq: `
    INSERT INTO pgmq.q_orders (message, vt, headers)
    SELECT jsonb_build_object('n', n), now(), jsonb_build_object('x-pgmq-group', ${KEY}) FROM ${NUMBERS}`,
  river: `
    INSERT INTO jobs.river_job (kind, args, priority, scheduled_at, state)
    SELECT 'Sort', jsonb_build_object('n', n), 1 + n % 4, ${DUE},
           (CASE WHEN n % 5 = 0 THEN 'retryable' ELSE 'available' END)::jobs.river_job_state FROM ${NUMBERS}`,
  oban: `
    INSERT INTO oban_jobs (worker, args, priority, scheduled_at, state)
    SELECT 'App.Mailer', jsonb_build_object('n', n), n % 4, ${UTC_DUE},
           (CASE WHEN n % 5 = 0 THEN 'scheduled' ELSE 'available' END)::oban_job_state FROM ${NUMBERS}`,
  'solid-queue': `
    WITH job AS (
      INSERT INTO solid_queue_jobs (queue_name, class_name, arguments, priority, scheduled_at, created_at, updated_at)
      SELECT 'mails', 'PingJob', '{"n":' || n || '}', n % 3, ${UTC_DUE}, ${UTC_DUE}, ${UTC_DUE} FROM ${NUMBERS}
      RETURNING *)
    INSERT INTO solid_queue_ready_executions (job_id, queue_name, priority, created_at)
    SELECT id, queue_name, priority, created_at FROM job`,
  que: `
    INSERT INTO que_jobs (job_class, args, priority, run_at, job_schema_version)
    SELECT 'PingJob', jsonb_build_array(n), 1 + n % 3, ${DUE}, 2 FROM ${NUMBERS}`,
  // One with a lock keeps those behind it in the table while a worker is at it: they have a queue of their own.
  procrastinate: `
    INSERT INTO procrastinate_jobs (queue_name, task_name, args, priority, lock)
    SELECT CASE WHEN ${KEYED} THEN 'ordered' ELSE 'mails' END, 'ping', jsonb_build_object('n', n),
           CASE WHEN ${KEYED} THEN 0 ELSE n % 5 END, ${KEY} FROM ${NUMBERS}`,
  'delayed-job': `
    INSERT INTO delayed_jobs (handler, priority, run_at, created_at, queue)
    SELECT '--- n: ' || n, n % 3, ${UTC_DUE}, ${UTC_DUE}, 'mails' FROM ${NUMBERS}`,
  'good-job': `
    INSERT INTO good_jobs (queue_name, job_class, serialized_params, priority, scheduled_at, created_at, updated_at)
    SELECT 'mails', 'PingJob', jsonb_build_object('n', n), n % 3, ${UTC_DUE}, ${UTC_DUE}, ${UTC_DUE} FROM ${NUMBERS}`,
};
