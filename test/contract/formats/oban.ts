import type { FormatCase, JobCase, Sql } from './case.ts';

/** Oban's tables as its migrations 1 to 14 leave them. */
const TABLES = `
  CREATE TYPE oban_job_state AS ENUM ('available', 'suspended', 'scheduled', 'executing', 'retryable', 'completed', 'discarded', 'cancelled');
  CREATE TABLE oban_jobs (
    id bigserial PRIMARY KEY, state oban_job_state NOT NULL DEFAULT 'available', queue text NOT NULL DEFAULT 'default',
    worker text NOT NULL, args jsonb NOT NULL DEFAULT '{}', errors jsonb[] NOT NULL DEFAULT '{}',
    attempt integer NOT NULL DEFAULT 0, max_attempts integer NOT NULL DEFAULT 20,
    inserted_at timestamp NOT NULL DEFAULT timezone('UTC', now()), scheduled_at timestamp NOT NULL DEFAULT timezone('UTC', now()),
    attempted_at timestamp, completed_at timestamp, attempted_by text[], discarded_at timestamp,
    priority integer NOT NULL DEFAULT 0, tags text[] DEFAULT '{}', meta jsonb DEFAULT '{}', cancelled_at timestamp,
    CONSTRAINT attempt_range CHECK (attempt BETWEEN 0 AND max_attempts));
  COMMENT ON TABLE oban_jobs IS '14';
  CREATE UNLOGGED TABLE oban_peers (name text PRIMARY KEY, node text NOT NULL, started_at timestamp NOT NULL, expires_at timestamp NOT NULL)`;

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
        `INSERT INTO oban_jobs (worker, args, ${columns}) VALUES ('App.Mailer', '{"what": "${what}"}', ${values}) RETURNING id::text`,
      );
      return row!.id;
    },
  };
}

const AT = `'2026-01-02 03:04:05.678901'`;
const ISO = '2026-01-02T03:04:05.678901Z';
const UTC = `timezone('UTC', now())`;

export const obanCase: FormatCase = {
  name: 'oban',
  setup: async (sql) => void (await sql(TABLES)),
  table: 'oban_jobs',
  id: 'id',
  queue: 'default',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'first by priority',
      'priority, scheduled_at, inserted_at, attempt, max_attempts, meta, tags, errors, attempted_by, attempted_at',
      `0, ${AT}, ${AT}, 2, 7, '{"trace": "é"}', '{a,"b c"}', ARRAY['{"error": "x"}'::jsonb], '{node1,uuid}', ${AT}`,
      {
        body: '{"what": "first by priority"}',
        type: 'App.Mailer',
        priority: '0',
        attempts: '2',
        enqueuedAt: ISO,
        notBefore: ISO,
        'attr.queue': 'default',
        'attr.priorityOrder': 'lower-first',
        'attr.state': 'available',
        'attr.max_attempts': '7',
        'attr.meta': '{"trace": "é"}',
        'attr.tags': '{a,"b c"}',
        'attr.errors': '{"{\\"error\\": \\"x\\"}"}',
      },
    ),
    job('ready', 'earlier', 'priority, scheduled_at', `1, ${AT}`),
    job('ready', 'later', 'priority, scheduled_at', `1, ${UTC} - interval '1 hour'`),
    job('ready', 'due retry', 'priority, state, scheduled_at', `2, 'retryable', ${UTC} - interval '1 hour'`, {
      'attr.state': 'retryable',
    }),
    job('scheduled', 'in future', 'state, scheduled_at', `'scheduled', '2100-01-02 03:04:05'`, {
      notBefore: '2100-01-02T03:04:05.000000Z',
      'attr.state': 'scheduled',
    }),
    job('dead', 'discarded', 'state, attempt, discarded_at', `'discarded', 20, ${AT}`, {
      attempts: '20',
      'attr.state': 'discarded',
    }),
    job(
      'abandoned',
      'orphan',
      'state, attempt, attempted_at, attempted_by',
      `'executing', 1, ${UTC} - interval '3 hours', '{gone,uuid}'`,
      {
        attempts: '1',
        'attr.state': 'executing',
      },
    ),
    job('kept', 'at work', 'state, attempted_at, attempted_by', `'executing', ${UTC}, '{alive,uuid}'`),
    job('kept', 'suspended', 'state', `'suspended'`),
    job('kept', 'completed', 'state, completed_at', `'completed', ${UTC}`),
    job('kept', 'cancelled', 'state, cancelled_at', `'cancelled', ${UTC}`),
  ],
  fetch: `
    WITH subset AS MATERIALIZED (SELECT id FROM oban_jobs WHERE state = 'available'
      ORDER BY priority, scheduled_at, id LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE oban_jobs j SET state = 'executing', attempted_at = ${UTC}, attempted_by = ARRAY['node', 'uuid'], attempt = attempt + 1
      FROM subset x WHERE j.id = x.id AND j.attempt < j.max_attempts RETURNING j.id::text AS id`,
  maintenance: [
    `UPDATE oban_jobs SET state = 'available' WHERE state IN ('scheduled', 'retryable') AND scheduled_at <= ${UTC}`,
    `UPDATE oban_jobs SET state = 'available' WHERE state = 'executing' AND attempted_at < ${UTC} - interval '60 minutes' AND attempt < max_attempts`,
    `UPDATE oban_jobs SET state = 'discarded', discarded_at = ${UTC} WHERE state = 'executing' AND attempted_at < ${UTC} - interval '60 minutes' AND attempt >= max_attempts`,
    `DELETE FROM oban_jobs WHERE state = 'discarded' AND discarded_at < ${UTC} - interval '60 seconds'`,
  ],
  newer: `COMMENT ON TABLE oban_jobs IS '99'`,
};
