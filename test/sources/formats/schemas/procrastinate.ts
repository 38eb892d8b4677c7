/** The tables, the function that workers fetch by and the triggers that a drain meets, of procrastinate 3.4. */
export const PROCRASTINATE = `
  CREATE TYPE procrastinate_job_status AS ENUM
    ('todo', 'doing', 'succeeded', 'failed', 'cancelled', 'aborting', 'aborted');
  CREATE TYPE procrastinate_job_event_type AS ENUM ('deferred', 'started', 'deferred_for_retry', 'failed', 'succeeded',
    'cancelled', 'abort_requested', 'aborted', 'scheduled', 'retried');
  CREATE TABLE procrastinate_workers (
    id bigint PRIMARY KEY GENERATED ALWAYS AS IDENTITY, last_heartbeat timestamptz NOT NULL DEFAULT now());
  CREATE TABLE procrastinate_jobs (
    id bigserial PRIMARY KEY, queue_name varchar(128) NOT NULL, task_name varchar(128) NOT NULL,
    priority integer DEFAULT 0 NOT NULL, lock text, queueing_lock text, args jsonb DEFAULT '{}' NOT NULL,
    status procrastinate_job_status DEFAULT 'todo' NOT NULL, scheduled_at timestamptz, attempts integer DEFAULT 0 NOT NULL,
    abort_requested boolean DEFAULT false NOT NULL,
    worker_id bigint REFERENCES procrastinate_workers(id) ON DELETE SET NULL,
    CONSTRAINT check_not_todo_abort_requested CHECK (NOT (status = 'todo' AND abort_requested)));
  CREATE TABLE procrastinate_periodic_defers (
    id bigserial PRIMARY KEY, task_name varchar(128) NOT NULL, defer_timestamp bigint,
    job_id bigint REFERENCES procrastinate_jobs(id), periodic_id varchar(128) NOT NULL DEFAULT '');
  CREATE TABLE procrastinate_events (
    id bigserial PRIMARY KEY, job_id bigint NOT NULL REFERENCES procrastinate_jobs ON DELETE CASCADE,
    type procrastinate_job_event_type, at timestamptz DEFAULT now());
  CREATE INDEX procrastinate_events_job_id_fkey_v1 ON procrastinate_events (job_id);
  CREATE UNIQUE INDEX procrastinate_jobs_queueing_lock_idx_v1 ON procrastinate_jobs (queueing_lock) WHERE status = 'todo';
  CREATE UNIQUE INDEX procrastinate_jobs_lock_idx_v1 ON procrastinate_jobs (lock) WHERE status = 'doing';
  CREATE INDEX procrastinate_jobs_priority_idx_v1 ON procrastinate_jobs (priority DESC, id) WHERE status = 'todo';
  CREATE FUNCTION procrastinate_fetch_job_v2(target_queue_names varchar[], p_worker_id bigint)
    RETURNS procrastinate_jobs LANGUAGE plpgsql AS $$
  DECLARE found_jobs procrastinate_jobs;
  BEGIN
    WITH candidate AS (
      SELECT jobs.* FROM procrastinate_jobs AS jobs
       WHERE NOT EXISTS (
               SELECT 1 FROM procrastinate_jobs AS other_jobs
                WHERE jobs.lock IS NOT NULL AND other_jobs.lock = jobs.lock
                  AND (other_jobs.status = 'doing' OR (other_jobs.status = 'todo' AND (
                         other_jobs.priority > jobs.priority
                      OR (other_jobs.priority = jobs.priority AND other_jobs.id < jobs.id)))))
         AND jobs.status = 'todo' AND (target_queue_names IS NULL OR jobs.queue_name = ANY(target_queue_names))
         AND (jobs.scheduled_at IS NULL OR jobs.scheduled_at <= now())
       ORDER BY jobs.priority DESC, jobs.id ASC LIMIT 1 FOR UPDATE OF jobs SKIP LOCKED)
    UPDATE procrastinate_jobs SET status = 'doing', worker_id = p_worker_id FROM candidate
     WHERE procrastinate_jobs.id = candidate.id RETURNING procrastinate_jobs.* INTO found_jobs;
    RETURN found_jobs;
  END $$;
  CREATE FUNCTION procrastinate_retry_job_v2(job_id bigint) RETURNS void LANGUAGE sql AS 'SELECT';
  CREATE FUNCTION events_of_jobs() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN
    INSERT INTO procrastinate_events (job_id, type) VALUES (NEW.id, (CASE
      WHEN TG_OP = 'INSERT' THEN 'deferred' WHEN NEW.status = 'doing' THEN 'started' ELSE 'deferred_for_retry' END
    )::procrastinate_job_event_type);
    RETURN NEW;
  END $$;
  CREATE TRIGGER procrastinate_trigger_status_events_insert_v1 AFTER INSERT ON procrastinate_jobs FOR EACH ROW
    WHEN (NEW.status = 'todo') EXECUTE PROCEDURE events_of_jobs();
  CREATE TRIGGER procrastinate_trigger_status_events_update_v1 AFTER UPDATE OF status ON procrastinate_jobs FOR EACH ROW
    EXECUTE PROCEDURE events_of_jobs();
  CREATE FUNCTION procrastinate_unlink_periodic_defers_v1() RETURNS trigger LANGUAGE plpgsql AS $$
  BEGIN UPDATE procrastinate_periodic_defers SET job_id = NULL WHERE job_id = OLD.id; RETURN OLD; END $$;
  CREATE TRIGGER procrastinate_trigger_delete_jobs_v1 BEFORE DELETE ON procrastinate_jobs FOR EACH ROW
    EXECUTE PROCEDURE procrastinate_unlink_periodic_defers_v1()`;

export const PROCRASTINATE_FETCH = 'SELECT id FROM procrastinate_fetch_job_v2(NULL, $1) WHERE id IS NOT NULL';
