import { DELAYED_JOB, DELAYED_JOB_RESERVE } from '../../sources/formats/schemas/delayed-job.ts';
import { type FormatCase, jobIn } from './case.ts';

const AGO = (time: string): string => `(now() AT TIME ZONE 'UTC') - interval '${time}'`;
const AT = `'2026-01-02 03:04:05.678901'`;
const ISO = '2026-01-02T03:04:05.678901Z';
const HANDLER = '--- !ruby/object:MailJob\nto: "zoë@example.org"\n';

const job = jobIn('delayed_jobs', {
  handler: "'--- !ruby/struct:PingJob'",
  run_at: AGO('1 minute'),
  created_at: AGO('1 hour'),
  queue: "'mails'",
});

export const delayedJobCase: FormatCase = {
  name: 'delayed-job',
  setup: async (sql) => {
    await sql(DELAYED_JOB);
    await sql('ALTER TABLE delayed_jobs ADD COLUMN tenant bytea');
  },
  table: 'delayed_jobs',
  id: 'id',
  queue: 'mails',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'everything set',
      {
        handler: `E'${HANDLER.replaceAll('\n', '\\n')}'`,
        priority: '-7',
        attempts: '3',
        last_error: "'boom'",
        run_at: AT,
        created_at: AT,
        updated_at: AT,
        tenant: `'\\x616263'`,
      },
      {
        body: HANDLER,
        type: 'MailJob',
        priority: '-7',
        attempts: '3',
        enqueuedAt: ISO,
        notBefore: ISO,
        key: null,
        'attr.queue': 'mails',
        'attr.last_error': 'boom',
        'attr.updated_at': '2026-01-02 03:04:05.678901',
        'attr.tenant': 'abc',
        'attr.priorityOrder': 'lower-first',
      },
    ),
    job('ready', 'longer due', { run_at: AGO('1 hour') }, { type: 'PingJob', 'attr.failed_at': null }),
    job('ready', 'due', {}),
    job('ready', 'less urgent', { priority: '1', run_at: AGO('1 day') }),
    job(
      'scheduled',
      'in future',
      { run_at: `'2100-01-02 03:04:05'` },
      { notBefore: '2100-01-02T03:04:05.000000Z' },
    ),
    job(
      'dead',
      'failed for good',
      { failed_at: AT, locked_at: AT, locked_by: "'host:a pid:1'", attempts: '25' },
      { attempts: '25', 'attr.failed_at': '2026-01-02 03:04:05.678901' },
    ),
    job('abandoned', 'locked for long', { locked_at: AGO('5 hours'), locked_by: "'host:a pid:2'" }),
    job('kept', 'at work', { locked_at: AGO('1 minute'), locked_by: "'host:a pid:3'" }),
  ],
  fetch: DELAYED_JOB_RESERVE.replaceAll('$1', "'host:w pid:1'").replace('LIMIT 1', 'LIMIT 100'),
  maintenance: [
    `UPDATE delayed_jobs SET locked_by = NULL, locked_at = NULL WHERE locked_by = 'host:w pid:1'`,
  ],
  // Nobody holds the lock of a worker that is gone, and none is written anew.
  givenBack: ({ locked_at, locked_by, ...row }) => row,
};
