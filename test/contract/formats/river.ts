import type { FormatCase, JobCase, Sql } from './case.ts';

/** River's tables as its migrations 1 to 7 leave them, without what a drain does not see. */
const TABLES = `
  CREATE SCHEMA jobs;
  CREATE TYPE jobs.river_job_state AS ENUM ('available', 'cancelled', 'completed', 'discarded', 'pending', 'retryable', 'running', 'scheduled');
  CREATE TABLE jobs.river_migration (line text NOT NULL, version bigint NOT NULL, created_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (line, version));
  INSERT INTO jobs.river_migration (line, version) SELECT 'main', v FROM generate_series(1, 7) v;
  CREATE TABLE jobs.river_job (
    id bigserial PRIMARY KEY, state jobs.river_job_state NOT NULL DEFAULT 'available',
    attempt smallint NOT NULL DEFAULT 0, max_attempts smallint NOT NULL DEFAULT 25,
    attempted_at timestamptz, created_at timestamptz NOT NULL DEFAULT now(), finalized_at timestamptz,
    scheduled_at timestamptz NOT NULL DEFAULT now(), priority smallint NOT NULL DEFAULT 1,
    args jsonb NOT NULL, attempted_by text[], errors jsonb[], kind text NOT NULL,
    metadata jsonb NOT NULL DEFAULT '{}', queue text NOT NULL DEFAULT 'default',
    tags varchar(255)[] NOT NULL DEFAULT '{}', unique_key bytea, unique_states bit(8),
    CHECK ((finalized_at IS NULL AND state NOT IN ('cancelled', 'completed', 'discarded'))
        OR (finalized_at IS NOT NULL AND state IN ('cancelled', 'completed', 'discarded'))),
    CHECK (priority BETWEEN 1 AND 4));
  CREATE FUNCTION jobs.river_job_state_in_bitmask(bitmask bit(8), state jobs.river_job_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE AS $$
      SELECT get_bit(bitmask, 7 - array_position(ARRAY['available', 'cancelled', 'completed', 'discarded',
        'pending', 'retryable', 'running', 'scheduled'], state::text) + 1) = 1 $$;
  CREATE UNIQUE INDEX ON jobs.river_job (unique_key) WHERE unique_key IS NOT NULL AND unique_states IS NOT NULL
     AND jobs.river_job_state_in_bitmask(unique_states, state);
  CREATE TABLE jobs.river_queue (name text PRIMARY KEY, created_at timestamptz NOT NULL DEFAULT now(),
    metadata jsonb NOT NULL DEFAULT '{}', paused_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO jobs.river_queue (name) VALUES ('default'), ('other');
  CREATE UNLOGGED TABLE jobs.river_leader (elected_at timestamptz NOT NULL, expires_at timestamptz NOT NULL,
    leader_id text NOT NULL, name text PRIMARY KEY DEFAULT 'default')`;

function job(
  state: JobCase['state'],
  what: string,
  columns: string,
  values: string,
  expected?: JobCase['expected'],
): JobCase {
  return {
    state,
    what,
    expected,
    insert: async (sql: Sql) => {
      const [row] = await sql<{ id: string }>(
        `INSERT INTO jobs.river_job (kind, args, ${columns}) VALUES ('Sort', '{"what": "${what}"}', ${values}) RETURNING id::text`,
      );
      return row!.id;
    },
  };
}

const AT = `'2026-01-02 03:04:05.678901+00'`;
const ISO = '2026-01-02T03:04:05.678901Z';

export const riverCase: FormatCase = {
  name: 'river',
  setup: async (sql) => void (await sql(TABLES)),
  table: 'jobs.river_job',
  id: 'id',
  queue: 'default',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'first by priority',
      'priority, scheduled_at, created_at, attempt, max_attempts, metadata, tags, errors, attempted_by, attempted_at, unique_key, unique_states',
      `1, ${AT}, ${AT}, 2, 7, '{"trace": "é"}', '{a,"b c"}', ARRAY['{"error": "x"}'::jsonb], '{w1,w2}', ${AT}, '\\x00ff', B'11110101'`,
      {
        body: '{"what": "first by priority"}',
        type: 'Sort',
        priority: '1',
        attempts: '2',
        enqueuedAt: ISO,
        notBefore: ISO,
        'attr.queue': 'default',
        'attr.priorityOrder': 'lower-first',
        'attr.state': 'available',
        'attr.max_attempts': '7',
        'attr.metadata': '{"trace": "é"}',
        'attr.tags': '{a,"b c"}',
        'attr.unique_key': '00ff',
        'attr.unique_states': '11110101',
        'attr.attempted_at': '2026-01-02T03:04:05.678901+00:00',
      },
    ),
    job('ready', 'earlier', 'priority, scheduled_at', `2, ${AT}`),
    job('ready', 'later', 'priority, scheduled_at', `2, now() - interval '1 hour'`),
    job('ready', 'due retry', 'priority, state, scheduled_at', `3, 'retryable', now() - interval '1 hour'`, {
      'attr.state': 'retryable',
    }),
    job('scheduled', 'in future', 'state, scheduled_at', `'scheduled', '2100-01-02 03:04:05+00'`, {
      notBefore: '2100-01-02T03:04:05.000000Z',
      'attr.state': 'scheduled',
    }),
    job('dead', 'discarded', 'state, attempt, finalized_at', `'discarded', 25, ${AT}`, {
      attempts: '25',
      'attr.state': 'discarded',
      'attr.finalized_at': '2026-01-02T03:04:05.678901+00:00',
    }),
    job(
      'abandoned',
      'stuck',
      'state, attempt, attempted_at, attempted_by',
      `'running', 1, now() - interval '3 hours', '{gone}'`,
      {
        attempts: '1',
        'attr.state': 'running',
      },
    ),
    job('kept', 'at work', 'state, attempted_at, attempted_by', `'running', now(), '{alive}'`),
    job('kept', 'pending', 'state', `'pending'`),
    job('kept', 'completed', 'state, finalized_at', `'completed', now()`),
    job('kept', 'cancelled', 'state, finalized_at', `'cancelled', now()`),
  ],
  fetch: `
    WITH locked AS (SELECT id FROM jobs.river_job WHERE state = 'available' AND scheduled_at <= now()
      ORDER BY priority, scheduled_at, id LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE jobs.river_job j SET state = 'running', attempt = j.attempt + 1, attempted_at = now(),
      attempted_by = array_append(j.attempted_by, 'worker') FROM locked WHERE j.id = locked.id RETURNING j.id::text AS id`,
  maintenance: [
    `UPDATE jobs.river_job SET state = 'available' WHERE state IN ('retryable', 'scheduled') AND scheduled_at <= now()`,
    `UPDATE jobs.river_job SET state = 'retryable' WHERE state = 'running' AND attempted_at < now() - interval '1 hour'`,
    `DELETE FROM jobs.river_job WHERE state IN ('cancelled', 'completed', 'discarded') AND finalized_at < now() - interval '1 day'`,
  ],
  newer: `INSERT INTO jobs.river_migration (line, version) VALUES ('main', 99)`,
};
