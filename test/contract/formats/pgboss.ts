import PgBoss from 'pg-boss';
import type { FormatCase, JobCase, Sql } from './case.ts';

/** Makes the schema by the library itself, and two queues. */
async function setup(_sql: Sql, url: string): Promise<void> {
  const boss = new PgBoss({ connectionString: url, supervise: false, schedule: false });
  await boss.start();
  await boss.createQueue('mails');
  await boss.createQueue('one-by-one', { name: 'one-by-one', policy: 'singleton' });
  await boss.createQueue('other');
  await boss.stop({ graceful: false });
}

function job(
  state: JobCase['state'],
  what: string,
  columns: string,
  values: string,
  expected?: JobCase['expected'],
  queue = 'mails',
): JobCase {
  return {
    state,
    what,
    expected,
    insert: async (sql: Sql) => {
      const [row] = await sql<{ id: string }>(
        `INSERT INTO pgboss.job (name, data, ${columns}) VALUES ('${queue}', '{"what": "${what}"}', ${values}) RETURNING id::text`,
      );
      return row!.id;
    },
  };
}

const AT = `'2026-01-02 03:04:05.678901+00'`;
const ISO = '2026-01-02T03:04:05.678901Z';

export const pgbossCase: FormatCase = {
  name: 'pgboss',
  setup,
  table: 'pgboss.job',
  id: 'id',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'first by priority',
      'priority, created_on, start_after, retry_count, retry_limit, retry_delay, retry_backoff, singleton_key, singleton_on, expire_in, keep_until, dead_letter, policy, output',
      `9, ${AT}, ${AT}, 1, 7, 5, true, 'k', '2026-01-02 03:04:00', interval '90 seconds', '2100-01-01 00:00:00+00', 'other', 'standard', '{"o": 1}'`,
      {
        body: '{"what": "first by priority"}',
        type: 'mails',
        priority: '9',
        attempts: '1',
        enqueuedAt: ISO,
        notBefore: ISO,
        'attr.queue': 'mails',
        'attr.priorityOrder': 'higher-first',
        'attr.state': 'created',
        'attr.singleton_key': 'k',
        'attr.singleton_on': '2026-01-02 03:04:00',
        'attr.retry_limit': '7',
        'attr.retry_delay': '5',
        'attr.retry_backoff': 'true',
        'attr.expire_in': '00:01:30',
        'attr.keep_until': '2100-01-01 00:00:00+00',
        'attr.dead_letter': 'other',
        'attr.policy': 'standard',
        'attr.output': '{"o": 1}',
        'attr.started_on': null,
      },
    ),
    job('ready', 'retry', 'priority, state, started_on, created_on', `5, 'retry', ${AT}, ${AT}`, {
      'attr.state': 'retry',
      'attr.started_on': '2026-01-02T03:04:05.678901+00:00',
    }),
    job('ready', 'later', 'priority, created_on', `5, now() - interval '1 hour'`),
    job(
      'ready',
      'singleton',
      'priority, singleton_key, policy',
      `1, 'a', 'singleton'`,
      { 'attr.policy': 'singleton', type: 'one-by-one' },
      'one-by-one',
    ),
    job(
      'ready',
      'second singleton of its key',
      'singleton_key, policy',
      `'a', 'singleton'`,
      { 'attr.policy': 'singleton' },
      'one-by-one',
    ),
    job('scheduled', 'in future', 'start_after', `'2100-01-02 03:04:05+00'`, {
      notBefore: '2100-01-02T03:04:05.000000Z',
    }),
    job('dead', 'failed', 'state, retry_count, started_on, completed_on', `'failed', 2, ${AT}, ${AT}`, {
      attempts: '2',
      'attr.state': 'failed',
      'attr.completed_on': '2026-01-02T03:04:05.678901+00:00',
    }),
    job('abandoned', 'expired', 'state, started_on', `'active', now() - interval '1 hour'`, {
      'attr.state': 'active',
    }),
    job('kept', 'at work', 'state, started_on', `'active', now()`),
    job(
      'kept',
      'singleton at work',
      'state, started_on, singleton_key, policy',
      `'active', now(), 'b', 'singleton'`,
      undefined,
      'one-by-one',
    ),
    job('kept', 'waits for its turn', 'singleton_key, policy', `'b', 'singleton'`, undefined, 'one-by-one'),
    job('kept', 'completed', 'state, started_on, completed_on', `'completed', now(), now()`),
    job('kept', 'cancelled', 'state, completed_on', `'cancelled', now()`),
  ],
  fetch: `
    WITH next AS (SELECT id FROM pgboss.job WHERE name = 'mails' AND state < 'active' AND start_after < now()
      ORDER BY priority DESC, created_on, id LIMIT 100 FOR UPDATE SKIP LOCKED)
    UPDATE pgboss.job j SET state = 'active', started_on = now(),
      retry_count = CASE WHEN started_on IS NOT NULL THEN retry_count + 1 ELSE retry_count END
      FROM next WHERE name = 'mails' AND j.id = next.id RETURNING j.id::text AS id`,
  maintenance: [
    `UPDATE pgboss.job SET state = 'retry' WHERE state = 'active' AND started_on + expire_in < now()`,
    `DELETE FROM pgboss.job WHERE (state <> 'failed' AND completed_on < now() - interval '12 hours')
        OR (state = 'failed' AND completed_on < now() - interval '12 hours') OR (state < 'active' AND keep_until < now())`,
  ],
  newer: 'UPDATE pgboss.version SET version = 99',
};
