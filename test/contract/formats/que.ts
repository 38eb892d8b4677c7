import { QUE, QUE_POLL } from '../../sources/formats/schemas/que.ts';
import { type FormatCase, jobIn } from './case.ts';

const AT = `'2026-01-02 03:04:05.678901+00'`;

const job = jobIn('que_jobs', {
  job_class: "'PingJob'",
  run_at: "now() - interval '1 minute'",
  job_schema_version: '2',
});

export const queCase: FormatCase = {
  name: 'que',
  setup: async (sql) => void (await sql(QUE)),
  table: 'que_jobs',
  id: 'id',
  queue: 'default',
  includes: ['scheduled', 'dead'],
  jobs: [
    job(
      'ready',
      'everything set',
      {
        job_class: "'MailJob'",
        args: `'[1, "zoë"]'`,
        kwargs: `'{"a": null}'`,
        data: `'{"tags": ["x"]}'`,
        priority: '7',
        run_at: AT,
        error_count: '3',
        last_error_message: "'boom'",
        last_error_backtrace: "'a.rb:1'",
      },
      {
        body: '[1, "zoë"]',
        type: 'MailJob',
        priority: '7',
        attempts: '3',
        notBefore: '2026-01-02T03:04:05.678901Z',
        // Que does not keep when a job was enqueued.
        enqueuedAt: null,
        key: null,
        'attr.queue': 'default',
        'attr.kwargs': '{"a": null}',
        'attr.data': '{"tags": ["x"]}',
        'attr.job_class': 'MailJob',
        'attr.job_schema_version': '2',
        'attr.last_error_message': 'boom',
        'attr.last_error_backtrace': 'a.rb:1',
        'attr.expired_at': null,
        'attr.priorityOrder': 'lower-first',
      },
    ),
    job('ready', 'longer due', { run_at: "now() - interval '1 hour'" }),
    job(
      'ready',
      'of Active Job',
      {
        job_class: "'ActiveJob::QueueAdapters::QueAdapter::JobWrapper'",
        args: `'[{"job_class": "GreetJob"}]'`,
      },
      { type: 'GreetJob', 'attr.job_class': 'ActiveJob::QueueAdapters::QueAdapter::JobWrapper' },
    ),
    job('ready', 'less urgent', { priority: '200' }),
    job(
      'scheduled',
      'in future',
      { run_at: `'2100-01-02 03:04:05+00'` },
      { notBefore: '2100-01-02T03:04:05.000000Z' },
    ),
    job(
      'dead',
      'expired',
      { expired_at: AT, error_count: '15' },
      { attempts: '15', 'attr.expired_at': '2026-01-02 03:04:05.678901+00' },
    ),
    job('kept', 'finished', { finished_at: 'now()' }),
  ],
  fetch: QUE_POLL.replace(
    'SELECT id FROM jobs WHERE locked LIMIT 1',
    'SELECT id::text FROM jobs WHERE locked',
  ),
  maintenance: [`DELETE FROM que_jobs WHERE finished_at < now() - interval '1 day'`],
  newer: `COMMENT ON TABLE que_jobs IS '99'`,
};
