import { NOW, SOLID_QUEUE } from '../../sources/formats/schemas/solid-queue.ts';
import type { FormatCase, JobCase } from './case.ts';

const AT = `'2026-01-02 03:04:05.678901'`;
const ISO = '2026-01-02T03:04:05.678901Z';
const BODY =
  '{"job_class":"MailJob","arguments":["\\u0000 \\"executions\\":9,"],"executions":2,"exception_executions":{},"locale":"en"}';

const PLACE = ['queue_name', 'priority'];
/** Columns of an execution that are the job's own, and its others. */
const EXECUTIONS: Record<string, { own: string[]; others?: Record<string, string> }> = {
  ready: { own: PLACE },
  scheduled: { own: [...PLACE, 'scheduled_at'] },
  blocked: { own: [...PLACE, 'concurrency_key'], others: { expires_at: `${NOW} + interval '3 minutes'` } },
  failed: { own: [], others: { error: `'{"message":"boom"}'` } },
  claimed: { own: [] },
};

function job(
  state: JobCase['state'],
  what: string,
  table: string,
  columns: Record<string, string> = {},
  expected: JobCase['expected'] = {},
  process?: number,
): JobCase {
  const all = {
    queue_name: "'mails'",
    class_name: "'PingJob'",
    arguments: "'{}'",
    scheduled_at: `${NOW} - interval '1 minute'`,
    created_at: AT,
    updated_at: AT,
    ...columns,
  };
  const { own, others = {} } = EXECUTIONS[table]!;
  const more = { ...others, ...(process !== undefined && { process_id: `${process}` }) };
  const names = ['job_id', 'created_at', ...own, ...Object.keys(more)];
  const values = ['id', 'created_at', ...own, ...Object.values(more)];
  return {
    state,
    what,
    expected,
    async insert(sql) {
      const [row] = await sql<{ id: string }>(
        `WITH job AS (INSERT INTO solid_queue_jobs (${Object.keys(all)}) VALUES (${Object.values(all)}) RETURNING *)
         INSERT INTO solid_queue_${table}_executions (${names}) SELECT ${values} FROM job RETURNING job_id::text AS id`,
      );
      return row!.id;
    },
  };
}

export const solidQueueCase: FormatCase = {
  name: 'solid-queue',
  setup: async (sql) => {
    await sql(SOLID_QUEUE);
    await sql(`INSERT INTO solid_queue_processes (kind, last_heartbeat_at, pid, created_at, name) VALUES
      ('Worker', ${NOW}, 1, ${NOW}, 'alive'), ('Worker', ${NOW} - interval '1 hour', 2, ${NOW}, 'gone')`);
  },
  table: 'solid_queue_jobs',
  id: 'id',
  queue: 'mails',
  includes: ['scheduled', 'dead', 'running'],
  jobs: [
    job(
      'ready',
      'everything set',
      'ready',
      {
        arguments: `'${BODY}'`,
        class_name: "'MailJob'",
        priority: '-7',
        active_job_id: "'aj-1'",
        concurrency_key: "'Mail/1'",
        scheduled_at: AT,
      },
      {
        body: BODY,
        type: 'MailJob',
        priority: '-7',
        attempts: '2',
        enqueuedAt: ISO,
        notBefore: ISO,
        // A concurrency key limits, it does not order.
        key: null,
        'attr.queue': 'mails',
        'attr.active_job_id': 'aj-1',
        'attr.concurrency_key': 'Mail/1',
        'attr.updated_at': '2026-01-02 03:04:05.678901',
        'attr.state': 'ready',
        'attr.error': null,
        'attr.priorityOrder': 'lower-first',
      },
    ),
    job('ready', 'plain', 'ready', { priority: '1' }, { attempts: null }),
    job('ready', 'due and not dispatched', 'scheduled', { priority: '2' }, { 'attr.state': 'scheduled' }),
    job(
      'scheduled',
      'in future',
      'scheduled',
      { scheduled_at: `'2100-01-02 03:04:05'` },
      {
        notBefore: '2100-01-02T03:04:05.000000Z',
        'attr.state': 'scheduled',
      },
    ),
    job('dead', 'failed', 'failed', {}, { 'attr.state': 'dead', 'attr.error': '{"message":"boom"}' }),
    job('abandoned', 'its process is gone', 'claimed', {}, { 'attr.state': 'running' }, 2),
    job('kept', 'at work', 'claimed', {}, {}, 1),
    job('kept', 'blocked', 'blocked', { concurrency_key: "'Full/1'" }),
  ],
  fetch:
    'SELECT job_id::text AS id FROM solid_queue_ready_executions ORDER BY priority, job_id FOR UPDATE SKIP LOCKED',
  maintenance: [
    `WITH due AS (DELETE FROM solid_queue_scheduled_executions WHERE scheduled_at <= ${NOW} RETURNING *)
     INSERT INTO solid_queue_ready_executions (job_id, queue_name, priority, created_at)
     SELECT job_id, queue_name, priority, ${NOW} FROM due`,
    `WITH orphans AS (DELETE FROM solid_queue_claimed_executions WHERE process_id IS NULL OR process_id = 2 RETURNING *)
     INSERT INTO solid_queue_failed_executions (job_id, created_at) SELECT job_id, ${NOW} FROM orphans`,
    `DELETE FROM solid_queue_jobs WHERE finished_at < ${NOW} - interval '1 day'`,
  ],
};
