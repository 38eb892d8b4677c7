import { PROCRASTINATE } from '../../sources/formats/schemas/procrastinate.ts';
import { type FormatCase, jobIn } from './case.ts';

const job = jobIn('procrastinate_jobs', { queue_name: "'mails'", task_name: "'ping'" });

export const procrastinateCase: FormatCase = {
  name: 'procrastinate',
  setup: async (sql) => {
    await sql(PROCRASTINATE);
    await sql(
      `INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now()), (now() - interval '1 hour')`,
    );
  },
  table: 'procrastinate_jobs',
  id: 'id',
  queue: 'mails',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'everything set',
      {
        args: `'{"to": "zoë"}'`,
        task_name: "'app.mail'",
        priority: '7',
        lock: "'customer-1'",
        queueing_lock: "'once'",
        scheduled_at: "'2026-01-02 03:04:05.678901+00'",
        attempts: '3',
      },
      {
        body: '{"to": "zoë"}',
        type: 'app.mail',
        key: 'customer-1',
        priority: '7',
        attempts: '3',
        notBefore: '2026-01-02T03:04:05.678901Z',
        'attr.queue': 'mails',
        'attr.queueing_lock': 'once',
        'attr.status': null,
        'attr.priorityOrder': 'higher-first',
      },
    ),
    job('ready', 'without a time', { priority: '6' }, { notBefore: null, key: null }),
    job('ready', 'less urgent', { priority: '-1' }),
    job(
      'scheduled',
      'in future',
      { scheduled_at: "'2100-01-02 03:04:05+00'" },
      { notBefore: '2100-01-02T03:04:05.000000Z' },
    ),
    job('dead', 'failed', { status: "'failed'", attempts: '4' }, { attempts: '4', 'attr.status': 'failed' }),
    job('abandoned', 'its worker is silent', { status: "'doing'", worker_id: '2' }),
    job('kept', 'at work', { status: "'doing'", worker_id: '1', lock: "'customer-2'" }),
    job('kept', 'behind one at work', { lock: "'customer-2'" }),
    job('kept', 'cancelled', { status: "'cancelled'" }),
    job('kept', 'succeeded', { status: "'succeeded'" }),
  ],
  fetch: `SELECT f.id::text AS id FROM generate_series(1, 20), LATERAL procrastinate_fetch_job_v2(NULL, 1) f WHERE f.id IS NOT NULL`,
  maintenance: [`DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '30 seconds'`],
  // The row of a silent worker goes, and with it its name on the job.
  givenBack: ({ worker_id, ...row }) => row,
};
