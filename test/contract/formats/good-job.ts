import { GOOD_JOB, GOOD_JOB_SKIP_LOCKED } from '../../sources/formats/schemas/good-job.ts';
import { type FormatCase, jobIn } from './case.ts';

const NOW = "(now() AT TIME ZONE 'UTC')";
const AGO = (time: string): string => `${NOW} - interval '${time}'`;
const AT = `'2026-01-02 03:04:05.678901'`;
const ISO = '2026-01-02T03:04:05.678901Z';
const PLAIN = '2026-01-02 03:04:05.678901';
const ID = '00000000-0000-4000-8000-00000000000';

const job = jobIn('good_jobs', {
  queue_name: "'mails'",
  scheduled_at: AGO('1 minute'),
  created_at: AGO('1 hour'),
  updated_at: AGO('1 hour'),
});

export const goodJobCase: FormatCase = {
  name: 'good-job',
  setup: async (sql) => {
    await sql(GOOD_JOB);
    await sql(
      `INSERT INTO good_job_processes (id, created_at, updated_at) VALUES ('${ID}a', ${NOW}, ${NOW})`,
    );
  },
  table: 'good_jobs',
  id: 'id',
  queue: 'mails',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'everything set',
      {
        id: `'${ID}1'`,
        active_job_id: `'${ID}1'`,
        priority: '-7',
        serialized_params: `'{"job_class": "MailJob", "arguments": ["zoë"]}'`,
        job_class: "'MailJob'",
        scheduled_at: AT,
        created_at: AT,
        updated_at: AT,
        executions_count: '3',
        error: "'Boom: x'",
        error_event: '2',
        concurrency_key: "'c'",
        cron_key: "'nightly'",
        cron_at: AT,
        labels: `'{a,"b c"}'`,
        batch_id: `'${ID}2'`,
        batch_callback_id: `'${ID}3'`,
      },
      {
        body: '{"arguments": ["zoë"], "job_class": "MailJob"}',
        type: 'MailJob',
        priority: '-7',
        attempts: '3',
        enqueuedAt: ISO,
        notBefore: ISO,
        key: null,
        'attr.queue': 'mails',
        'attr.error': 'Boom: x',
        'attr.error_event': '2',
        'attr.active_job_id': `${ID}1`,
        'attr.concurrency_key': 'c',
        'attr.cron_key': 'nightly',
        'attr.cron_at': PLAIN,
        'attr.labels': '{a,"b c"}',
        'attr.batch_id': `${ID}2`,
        'attr.batch_callback_id': `${ID}3`,
        'attr.updated_at': PLAIN,
        'attr.finished_at': null,
        'attr.performed_at': null,
        'attr.priorityOrder': 'lower-first',
      },
    ),
    job('ready', 'older', { priority: '5', created_at: AGO('2 hours') }),
    job('ready', 'newer', { priority: '5' }),
    job('ready', 'without priority, so last', { priority: 'NULL' }, { priority: null }),
    job(
      'scheduled',
      'in future',
      { scheduled_at: `'2100-01-02 03:04:05'` },
      { notBefore: '2100-01-02T03:04:05.000000Z' },
    ),
    job(
      'dead',
      'discarded',
      { finished_at: AT, performed_at: AT, error: "'Boom: x'", executions_count: '5' },
      { attempts: '5', 'attr.error': 'Boom: x', 'attr.finished_at': PLAIN, 'attr.performed_at': PLAIN },
    ),
    job('abandoned', 'its process is gone', { performed_at: AT, locked_by_id: `'${ID}b'`, locked_at: AT }),
    job('kept', 'at work', { performed_at: AT, locked_by_id: `'${ID}a'` }),
    job('kept', 'finished', { finished_at: AT, performed_at: AT }),
  ],
  fetch: GOOD_JOB_SKIP_LOCKED.replace('$1', `'${ID}a'`).replace('LIMIT 1', 'LIMIT 100'),
  maintenance: [
    `UPDATE good_jobs SET locked_by_id = NULL, locked_at = NULL WHERE locked_by_id IN
       (SELECT id FROM good_job_processes WHERE updated_at < ${AGO('5 minutes')})`,
    `DELETE FROM good_jobs WHERE finished_at <= ${AGO('14 days')} AND error IS NULL`,
  ],
  // A process that is gone holds nothing; good_job itself lets go in its name.
  givenBack: ({ locked_by_id, ...row }) => row,
};
