import { describe, expect, test } from 'vitest';
import { delayedJobCase } from '../contract/formats/delayed-job.ts';
import { goodJobCase } from '../contract/formats/good-job.ts';
import { queCase } from '../contract/formats/que.ts';
import { solidQueueCase } from '../contract/formats/solid-queue.ts';
import { waitFor } from '../support/wait.ts';
import { library } from './library.ts';
import { startPooler } from './pooler.ts';

const NOW = "(now() AT TIME ZONE 'UTC')";

describe('delayed_job', () => {
  const { sql, insert, empty, session, endSessions, found } = library(delayedJobCase);

  test('jobs with a stale lock are noted, until they are included or worked off', async () => {
    await insert('locked for long');
    expect(await found('STALE_LOCKS')).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining('1 job locked for more than 4 hours'),
        remedy: expect.stringContaining('--include running'),
      },
    ]);
    expect(await found('STALE_LOCKS', { include: ['running'] })).toEqual([]);
    await empty();
    expect(await found('STALE_LOCKS')).toEqual([]);
  });

  test('sessions that may be idle workers are noted, until they have ended', async () => {
    const worker = await session();
    await endSessions();
    expect(await found('IDLE_WORKERS_UNSEEN')).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining('1 other session in this database'),
        remedy: expect.stringContaining('bin/delayed_job stop'),
      },
    ]);
    await worker.end();
    expect(await found('IDLE_WORKERS_UNSEEN')).toEqual([]);
  });

  test('jobs with a cron line are warned of, until they are deleted', async () => {
    await sql('ALTER TABLE delayed_jobs ADD COLUMN cron text');
    expect(await found('RECURRING_JOBS')).toEqual([]);
    await insert('due');
    await sql(`UPDATE delayed_jobs SET cron = '0 3 * * *'`);
    const [finding] = await found('RECURRING_JOBS');
    expect(finding).toMatchObject({
      level: 'warning',
      what: expect.stringContaining('1 job with a cron line'),
    });
    await sql(/DELETE FROM .*/.exec(finding!.remedy!)![0]);
    expect(await found('RECURRING_JOBS')).toEqual([]);
  });

  test('a worker that runs a job is noted, until it is done', async () => {
    await insert('at work');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining('(host:a pid:3)'),
        remedy: 'stop the workers of delayed_job first',
      },
    ]);
    await empty();
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe('good_job', () => {
  const { sql, url, insert, row, empty, found } = library(goodJobCase);
  const ready = (columns: Record<string, string>) =>
    row('good_jobs', {
      queue_name: "'mails'",
      scheduled_at: NOW,
      created_at: NOW,
      updated_at: NOW,
      ...columns,
    });

  test('a process at work is noted, until it has ended', async () => {
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('--pause-source') },
    ]);
    const paused = await found('WORKERS_AT_WORK', { pause: true });
    expect(paused).toMatchObject([{ remedy: null }]);
    await sql(`UPDATE good_job_processes SET updated_at = updated_at - interval '1 hour'`);
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
    await sql(`UPDATE good_job_processes SET updated_at = ${NOW}`);
  });

  test('begun jobs are noted, until those of dead workers are included and the others done', async () => {
    await insert('its process is gone');
    expect(await found('BEGUN_JOBS')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('--include running') },
    ]);
    expect(await found('BEGUN_JOBS', { include: ['running'] })).toEqual([]);
    await insert('at work');
    expect(await found('BEGUN_JOBS', { include: ['running'] })).toMatchObject([
      {
        what: '1 job begun by a worker; those stay',
        remedy: expect.stringContaining('wait until they are done'),
      },
    ]);
    await sql(`UPDATE good_jobs SET finished_at = ${NOW} WHERE performed_at IS NOT NULL`);
    expect(await found('BEGUN_JOBS')).toEqual([]);
    await empty();
  });

  test('jobs in the old layout are warned of, until they are finished', async () => {
    await ready({ active_job_id: 'gen_random_uuid()' });
    expect(await found('OLD_LAYOUT_JOBS')).toMatchObject([{ level: 'warning' }]);
    await sql(`UPDATE good_jobs SET finished_at = ${NOW}`);
    expect(await found('OLD_LAYOUT_JOBS')).toEqual([]);
    await empty();
  });

  test('jobs without a time are noted, until they are given one', async () => {
    await ready({ scheduled_at: 'NULL' });
    const [finding] = await found('UNSCHEDULED_JOBS');
    expect(finding).toMatchObject({ level: 'note', what: expect.stringContaining('1 job without') });
    await sql(finding!.remedy!);
    expect(await found('UNSCHEDULED_JOBS')).toEqual([]);
    await empty();
  });

  test('jobs of batches are warned of, until they are finished', async () => {
    await ready({ batch_id: 'gen_random_uuid()' });
    expect(await found('BATCHED_JOBS')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('let the batches finish first') },
    ]);
    await sql(`UPDATE good_jobs SET finished_at = ${NOW}`);
    expect(await found('BATCHED_JOBS')).toEqual([]);
    await empty();
  });

  test('cron entries that produce are warned of, until a day after they have stopped', async () => {
    await ready({ cron_key: "'nightly'", cron_at: NOW });
    expect(await found('CRON_PRODUCES')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('turn enable_cron off') },
    ]);
    await sql(`UPDATE good_jobs SET cron_at = cron_at - interval '25 hours'`);
    expect(await found('CRON_PRODUCES')).toEqual([]);
    await empty();
  });

  test('a pooler before it is warned of, until the connection goes past it', async () => {
    const pooler = await startPooler(url());
    try {
      expect(await found('POOLER_BEFORE_LOCKS', {}, pooler.url)).toMatchObject([
        { level: 'warning', remedy: expect.stringContaining('connect to PostgreSQL itself') },
      ]);
    } finally {
      await pooler.stop();
    }
    expect(await found('POOLER_BEFORE_LOCKS')).toEqual([]);
  });
});

describe('Que', () => {
  const { sql, url, insert, session, found } = library(queCase);

  test('a pooler before it is warned of, until the connection goes past it', async () => {
    const pooler = await startPooler(url());
    try {
      expect(await found('POOLER_BEFORE_LOCKS', {}, pooler.url)).toMatchObject([{ level: 'warning' }]);
    } finally {
      await pooler.stop();
    }
    expect(await found('POOLER_BEFORE_LOCKS')).toEqual([]);
  });

  test('a job that a worker has locked is noted, until the session of that worker ends', async () => {
    const id = await insert('longer due');
    const worker = await session();
    await worker.query('SELECT pg_advisory_lock($1)', [id]);
    expect(await found('RUNNING_JOBS')).toMatchObject([
      {
        level: 'note',
        what: '1 job locked by workers just now; those stay with them',
        remedy: expect.any(String),
      },
    ]);
    await worker.end();
    await waitFor(async () => (await found('RUNNING_JOBS')).length === 0);
  });

  test('a worker is noted, until it has ended', async () => {
    const worker = await session();
    await worker.query(
      `INSERT INTO que_lockers (pid, worker_count, worker_priorities, ruby_pid, ruby_hostname, queues, listening)
       VALUES (pg_backend_pid(), 1, '{50}', 7, 'host', '{default}', true)`,
    );
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      { what: expect.stringContaining('(host:7)'), remedy: 'stop the workers of Que first' },
    ]);
    await worker.end();
    await waitFor(async () => (await found('WORKERS_AT_WORK')).length === 0);
    await sql('DELETE FROM que_jobs');
  });

  test('a trigger of its own is part of it, one that somebody has added is warned of until it is disabled', async () => {
    expect(await found('TRIGGER_FIRES')).toEqual([]);
    await sql(`CREATE FUNCTION audit() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END';
      CREATE TRIGGER audit AFTER DELETE ON que_jobs FOR EACH ROW EXECUTE FUNCTION audit()`);
    const [finding] = await found('TRIGGER_FIRES');
    expect(finding!.what).toContain('trigger audit on public.que_jobs');
    await sql(/ALTER TABLE .* DISABLE TRIGGER \w+/.exec(finding!.remedy!)![0]);
    expect(await found('TRIGGER_FIRES')).toEqual([]);
  });
});

describe('Solid Queue', () => {
  const { sql, insert, row, empty, found } = library(solidQueueCase);

  test('claimed jobs are noted, until those of dead processes are included and the others done', async () => {
    await insert('its process is gone');
    expect(await found('RUNNING_JOBS')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('--include running') },
    ]);
    expect(await found('RUNNING_JOBS', { include: ['running'] })).toEqual([]);
    await insert('at work');
    expect(await found('RUNNING_JOBS', { include: ['running'] })).toMatchObject([
      {
        what: '1 job claimed by workers; those stay',
        remedy: expect.stringContaining('wait until they are done'),
      },
    ]);
    await empty();
    expect(await found('RUNNING_JOBS')).toEqual([]);
  });

  test('blocked jobs are noted, until they have become ready', async () => {
    await insert('blocked');
    expect(await found('BLOCKED_JOBS')).toMatchObject([
      {
        level: 'note',
        what: expect.stringContaining('1 job blocked'),
        remedy: expect.stringContaining('nothing'),
      },
    ]);
    await sql(`WITH gone AS (DELETE FROM solid_queue_blocked_executions RETURNING *)
      INSERT INTO solid_queue_ready_executions (job_id, queue_name, priority, created_at)
      SELECT job_id, queue_name, priority, created_at FROM gone`);
    expect(await found('BLOCKED_JOBS')).toEqual([]);
    await empty();
  });

  test('jobs with a concurrency limit are noted, until they are finished', async () => {
    await insert('everything set');
    expect(await found('CONCURRENCY_LIMITS')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('attr.concurrency_key') },
    ]);
    await sql(`UPDATE solid_queue_jobs SET finished_at = ${NOW}`);
    expect(await found('CONCURRENCY_LIMITS')).toEqual([]);
    await empty();
  });

  test('recurring tasks are warned of, until the scheduler is stopped and they are taken away', async () => {
    const at = { created_at: NOW };
    await row('solid_queue_recurring_tasks', { key: "'n'", schedule: "'0 0 * * *'", updated_at: NOW, ...at });
    await row('solid_queue_processes', {
      kind: "'Scheduler'",
      pid: '3',
      name: "'s'",
      last_heartbeat_at: NOW,
      ...at,
    });
    expect(await found('RECURRING_TASKS')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('SOLID_QUEUE_SKIP_RECURRING=true') },
    ]);
    await sql(`DELETE FROM solid_queue_processes WHERE kind = 'Scheduler'`);
    const [finding] = await found('RECURRING_TASKS');
    expect(finding).toMatchObject({ level: 'note' });
    await sql(/DELETE FROM .*/.exec(finding!.remedy!)![0]);
    expect(await found('RECURRING_TASKS')).toEqual([]);
  });

  test('a worker is noted, until it is silent', async () => {
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      { what: expect.stringContaining('(alive)'), remedy: expect.stringContaining('--pause-source') },
    ]);
    await sql(`DELETE FROM solid_queue_processes WHERE name = 'alive'`);
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe.each([delayedJobCase, goodJobCase, queCase, solidQueueCase])(
  'an ordinary queue of $name',
  (format) => {
    const { insert, analysed } = library(format);

    test('has no blocker and no warning', async () => {
      const ready = format.jobs.filter(({ state }) => state === 'ready').at(-1)!;
      await insert(ready.what);
      const { findings } = await analysed();
      expect(findings.filter(({ level }) => level !== 'note')).toEqual([]);
    });
  },
);
