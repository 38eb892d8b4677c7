-- The queue of the thread pool, as it was.
CREATE TABLE jobs (
  id          text PRIMARY KEY,
  type        text NOT NULL,
  report_id   text NOT NULL,
  payload     jsonb NOT NULL,
  state       text NOT NULL DEFAULT 'pending',   -- pending, running, night
  enqueued_at timestamptz NOT NULL DEFAULT now(),
  taken_by    text
);
-- What a job has brought about. A step counts once, however often it is carried out.
CREATE TABLE effects (job_id text, step int, PRIMARY KEY (job_id, step));
CREATE TABLE reports (job_id text PRIMARY KEY, items int NOT NULL);
CREATE TABLE results (
  job_id      text PRIMARY KEY,
  type        text NOT NULL,
  side        text NOT NULL,
  host        text NOT NULL,
  ms          int NOT NULL,
  finished_at timestamptz NOT NULL DEFAULT now()
);
CREATE TABLE failures (job_id text, type text NOT NULL, side text NOT NULL, at timestamptz NOT NULL DEFAULT now());
