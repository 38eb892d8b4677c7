import { runMigrations } from 'graphile-worker';
import type { FormatCase, JobCase, Sql } from './case.ts';

/** Adds a job by the library's own function, then sets what that cannot. */
function job(
  state: JobCase['state'],
  what: string,
  spec: string,
  set: string,
  expected?: JobCase['expected'],
): JobCase {
  return {
    state,
    what,
    expected,
    insert: async (sql: Sql) => {
      const [row] = await sql<{ id: string }>(
        `SELECT id::text FROM graphile_worker.add_job('sort', '{"what":  "${what}"}'${spec ? `, ${spec}` : ''})`,
      );
      if (set) await sql(`UPDATE graphile_worker._private_jobs SET ${set} WHERE id = $1`, [row!.id]);
      return row!.id;
    },
  };
}

const AT = `'2026-01-02 03:04:05.678901+00'`;
const ISO = '2026-01-02T03:04:05.678901Z';
const LOCK_QUEUE = (name: string, at: string): JobCase => ({
  state: 'kept',
  what: `at work in queue ${name}`,
  insert: async (sql) => {
    const [row] = await sql<{ id: string }>(
      `SELECT id::text FROM graphile_worker.add_job('sort', '{}', queue_name := '${name}')`,
    );
    const lock = `locked_by = 'alive', locked_at = ${at}`;
    await sql(`UPDATE graphile_worker._private_jobs SET ${lock} WHERE id = $1`, [row!.id]);
    await sql(`UPDATE graphile_worker._private_job_queues SET ${lock} WHERE queue_name = '${name}'`);
    return row!.id;
  },
});

export const graphileWorkerCase: FormatCase = {
  name: 'graphile-worker',
  setup: async (_sql, url) => {
    await runMigrations({ connectionString: url });
  },
  table: 'graphile_worker._private_jobs',
  id: 'id',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'first by priority',
      `queue_name := 'serial', run_at := ${AT}, max_attempts := 7, job_key := 'k', priority := -5, flags := ARRAY['f']`,
      `created_at = ${AT}, attempts = 2, last_error = 'boom', revision = 3`,
      {
        body: '{"what":  "first by priority"}',
        type: 'sort',
        key: 'serial',
        priority: '-5',
        attempts: '2',
        enqueuedAt: ISO,
        notBefore: ISO,
        'attr.queue': 'serial',
        'attr.priorityOrder': 'lower-first',
        'attr.key': 'k',
        'attr.max_attempts': '7',
        'attr.last_error': 'boom',
        'attr.revision': '3',
        'attr.flags': '{"f": true}',
      },
    ),
    job('ready', 'earlier', `run_at := ${AT}`, '', { key: null, 'attr.queue': null }),
    job('ready', 'later', `run_at := now() - interval '1 hour'`, ''),
    job('ready', 'second of its queue', `queue_name := 'serial', priority := 3`, '', { key: 'serial' }),
    job('scheduled', 'in future', `run_at := '2100-01-02 03:04:05+00'`, '', {
      notBefore: '2100-01-02T03:04:05.000000Z',
    }),
    job('dead', 'out of attempts', '', 'attempts = 25', { attempts: '25' }),
    job(
      'abandoned',
      'stale lock',
      '',
      `attempts = 1, locked_by = 'gone', locked_at = now() - interval '5 hours'`,
      { attempts: '1' },
    ),
    job('kept', 'at work', '', `attempts = 1, locked_by = 'alive', locked_at = now()`),
    LOCK_QUEUE('busy', 'now()'),
    job('kept', 'waits for its queue', `queue_name := 'busy'`, ''),
  ],
  fetch: `
    WITH j AS (SELECT jobs.id FROM graphile_worker._private_jobs jobs WHERE jobs.is_available AND run_at <= now()
      AND (jobs.job_queue_id IS NULL OR jobs.job_queue_id IN (
        SELECT id FROM graphile_worker._private_job_queues q WHERE q.is_available FOR UPDATE SKIP LOCKED))
      ORDER BY priority, run_at LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE graphile_worker._private_jobs jobs SET attempts = jobs.attempts + 1, locked_by = 'worker', locked_at = now()
      FROM j WHERE jobs.id = j.id RETURNING jobs.id::text AS id`,
  maintenance: [
    `UPDATE graphile_worker._private_jobs SET locked_at = NULL, locked_by = NULL, run_at = greatest(run_at, now())
      WHERE locked_at < now() - interval '4 hours'`,
  ],
  // A lock that its worker has left behind is not put back.
  givenBack: ({ locked_by, locked_at, is_available, ...row }) => row,
  newer: 'INSERT INTO graphile_worker.migrations (id, breaking) VALUES (99, true)',
};
