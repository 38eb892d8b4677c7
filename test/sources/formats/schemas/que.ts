/** The tables as Que's migrations up to 7 leave them; notifications go to que_state as theirs do. */
export const QUE = `
  CREATE TABLE que_jobs (
    priority smallint NOT NULL DEFAULT 100, run_at timestamptz NOT NULL DEFAULT now(), id bigserial PRIMARY KEY,
    job_class text NOT NULL, error_count integer NOT NULL DEFAULT 0, last_error_message text,
    queue text NOT NULL DEFAULT 'default', last_error_backtrace text, finished_at timestamptz, expired_at timestamptz,
    args jsonb NOT NULL DEFAULT '[]', data jsonb NOT NULL DEFAULT '{}', job_schema_version integer NOT NULL,
    kwargs jsonb NOT NULL DEFAULT '{}');
  CREATE INDEX que_poll_idx ON que_jobs (job_schema_version, queue, priority, run_at, id)
    WHERE (finished_at IS NULL AND expired_at IS NULL);
  CREATE UNLOGGED TABLE que_lockers (
    pid integer PRIMARY KEY, worker_count integer NOT NULL, worker_priorities integer[] NOT NULL,
    ruby_pid integer NOT NULL, ruby_hostname text NOT NULL, queues text[] NOT NULL, listening boolean NOT NULL,
    job_schema_version integer DEFAULT 1);
  CREATE FUNCTION que_state_notify() RETURNS trigger AS $$
    BEGIN PERFORM pg_notify('que_state', TG_OP); RETURN null; END $$ LANGUAGE plpgsql;
  CREATE TRIGGER que_state_notify AFTER INSERT OR UPDATE OR DELETE ON que_jobs FOR EACH ROW
    WHEN (NOT coalesce(current_setting('que.skip_notify', true), '') = 'true') EXECUTE PROCEDURE que_state_notify();
  COMMENT ON TABLE que_jobs IS '7'`;

/** How a locker finds and locks a job: the lock is got while the row is seen as of the statement's beginning. */
export const QUE_POLL = `
  WITH RECURSIVE jobs AS (
    SELECT (j).*, pg_try_advisory_lock((j).id) AS locked FROM (
      SELECT j FROM que_jobs AS j WHERE queue = 'default' AND run_at <= now() AND finished_at IS NULL AND expired_at IS NULL
       ORDER BY priority, run_at, id LIMIT 1) AS t1
    UNION ALL (
      SELECT (j).*, pg_try_advisory_lock((j).id) AS locked FROM (
        SELECT (SELECT j FROM que_jobs AS j
                 WHERE queue = 'default' AND run_at <= now() AND finished_at IS NULL AND expired_at IS NULL
                   AND (priority, run_at, id) > (jobs.priority, jobs.run_at, jobs.id)
                 ORDER BY priority, run_at, id LIMIT 1) AS j
          FROM jobs WHERE jobs.id IS NOT NULL AND NOT jobs.locked LIMIT 1) AS t1))
  SELECT id FROM jobs WHERE locked LIMIT 1`;

/** What it then asks once more, before it works. */
export const QUE_CHECK =
  'SELECT id FROM que_jobs WHERE finished_at IS NULL AND expired_at IS NULL AND id = $1';
export const QUE_DESTROY = 'DELETE FROM que_jobs WHERE id = $1';
