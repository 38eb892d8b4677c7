import PgBoss from 'pg-boss';
import { describe, expect, test } from 'vitest';
import { graphileWorkerCase } from '../contract/formats/graphile-worker.ts';
import { obanCase } from '../contract/formats/oban.ts';
import { pgbossCase } from '../contract/formats/pgboss.ts';
import { pgmqCase } from '../contract/formats/pgmq.ts';
import { procrastinateCase } from '../contract/formats/procrastinate.ts';
import { riverCase } from '../contract/formats/river.ts';
import { waitFor } from '../support/wait.ts';
import { library } from './library.ts';

describe('pg-boss', () => {
  const { sql, url, insert, empty, found } = library(pgbossCase);

  /** The library itself, for as long as it is needed. */
  async function withBoss<T>(work: (boss: PgBoss) => Promise<T>): Promise<T> {
    const boss = new PgBoss({ connectionString: url(), supervise: false, schedule: false });
    boss.on('error', () => undefined);
    await boss.start();
    try {
      return await work(boss);
    } finally {
      await boss.stop({ graceful: false });
    }
  }

  test('jobs that its maintenance will delete are warned of, until their time is put off', async () => {
    await withBoss((boss) => boss.send('mails', {}, { retentionMinutes: 5 }));
    const [finding] = await found('RETENTION_ENDS');
    expect(finding).toMatchObject({ level: 'warning', what: expect.stringContaining('1 are or will be') });
    await sql(/UPDATE .*/.exec(finding!.remedy!)![0]);
    expect(await found('RETENTION_ENDS')).toEqual([]);
    await empty();
  });

  test('the same is said of the queue that is asked for alone', async () => {
    await withBoss((boss) => boss.send('mails', {}, { retentionMinutes: 5 }));
    expect(await found('RETENTION_ENDS', { queues: ['other'] })).toEqual([]);
    const [finding] = await found('RETENTION_ENDS', { queues: ['mails'] });
    await sql(/UPDATE .*/.exec(finding!.remedy!)![0]);
    expect(await found('RETENTION_ENDS', { queues: ['mails'] })).toEqual([]);
    await empty();
  });

  test('jobs that keep others away are noted, until they are worked off', async () => {
    await withBoss(async (boss) => {
      await boss.send('mails', {}, { singletonSeconds: 60 });
      expect(await found('THROTTLE_OPENS')).toMatchObject([
        { level: 'note', remedy: expect.stringContaining('let the producers write to the stream first') },
      ]);
      const [job] = await boss.fetch('mails');
      await boss.complete('mails', job!.id);
      expect(await found('THROTTLE_OPENS')).toEqual([]);
    });
    await empty();
  });

  test('schedules are noted, until they are taken away as the library does it', async () => {
    await withBoss(async (boss) => {
      await boss.schedule('mails', '0 3 * * *');
      expect(await found('SCHEDULES_GO_ON')).toMatchObject([
        {
          level: 'note',
          what: expect.stringContaining('1 cron schedules'),
          remedy: expect.stringContaining('unschedule'),
        },
      ]);
      await boss.unschedule('mails');
      expect(await found('SCHEDULES_GO_ON')).toEqual([]);
    });
  });

  test('flows are warned of, until they are finished', async () => {
    // As pg-boss 12 marks them.
    await sql(
      'ALTER TABLE pgboss.job ADD COLUMN blocked boolean DEFAULT false, ADD COLUMN blocking boolean DEFAULT false',
    );
    await insert('later');
    await sql('UPDATE pgboss.job SET blocked = true');
    expect(await found('FLOWS_STAY')).toMatchObject([
      {
        level: 'warning',
        what: expect.stringContaining('1 job of flows'),
        remedy: expect.stringContaining('finish the flows'),
      },
    ]);
    await sql(`UPDATE pgboss.job SET state = 'completed', blocked = false`);
    expect(await found('FLOWS_STAY')).toEqual([]);
    await empty();
  });

  test('its sessions and jobs at work are noted, until they have ended', async () => {
    await insert('at work');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      {
        what: expect.stringContaining('1 running in queue mails'),
        remedy: 'stop the workers of pg-boss first',
      },
    ]);
    await empty();
    await waitFor(async () => (await found('WORKERS_AT_WORK')).length === 0);
  });
});

describe('Graphile Worker', () => {
  const { sql, insert, row, found } = library(graphileWorkerCase);

  test('a crontab is noted, until it is moved away', async () => {
    await row('graphile_worker._private_known_crontabs', { identifier: "'nightly'", known_since: 'now()' });
    const [finding] = await found('SCHEDULES_GO_ON');
    expect(finding).toMatchObject({ level: 'note', what: expect.stringContaining('1 crontab tasks') });
    await sql(/DELETE FROM .*/.exec(finding!.remedy!)![0]);
    expect(await found('SCHEDULES_GO_ON')).toEqual([]);
  });

  test('jobs of named queues are noted, until these are drained by themselves', async () => {
    await insert('second of its queue');
    const [finding] = await found('NAMED_QUEUES');
    expect(finding).toMatchObject({ level: 'note', what: expect.stringContaining('named queues (serial)') });
    const [, queue] = /--queue (\S+)/.exec(finding!.remedy!)!;
    expect(await found('NAMED_QUEUES', { queues: [queue!] })).toEqual([]);
  });

  test('a job at work is noted, until it is done', async () => {
    const id = await insert('at work');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([{ what: expect.stringContaining('(alive)') }]);
    await sql('DELETE FROM graphile_worker._private_jobs WHERE id = $1', [id]);
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe('pgmq', () => {
  const { sql, insert, empty, found } = library(pgmqCase);

  test('a partitioned queue is warned of, until its partitions are kept', async () => {
    expect(await found('RETENTION_ENDS')).toEqual([]);
    // As pg_partman and pgmq's create_partitioned make them.
    await sql(`DROP TABLE pgmq.q_orders;
      CREATE TABLE pgmq.q_orders (msg_id bigint GENERATED ALWAYS AS IDENTITY, read_ct int NOT NULL DEFAULT 0,
        enqueued_at timestamptz NOT NULL DEFAULT now(), last_read_at timestamptz, vt timestamptz NOT NULL, message jsonb,
        headers jsonb) PARTITION BY RANGE (msg_id);
      CREATE TABLE pgmq.q_orders_default PARTITION OF pgmq.q_orders DEFAULT`);
    expect(await found('RETENTION_ENDS')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('look at retention in part_config') },
    ]);
    await sql(`CREATE SCHEMA partman;
      CREATE TABLE partman.part_config (parent_table text PRIMARY KEY, retention text);
      INSERT INTO partman.part_config VALUES ('pgmq.q_orders', '100000')`);
    const [finding] = await found('RETENTION_ENDS');
    await sql(/^(UPDATE .*), for/.exec(finding!.remedy!)![1]!);
    expect(await found('RETENTION_ENDS')).toEqual([]);
  });

  test('a reader is noted, until it has given its message back', async () => {
    await insert('with a reader');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      { what: expect.stringContaining('readers with 1 message of queue Orders') },
    ]);
    await sql('UPDATE pgmq.q_orders SET vt = now()');
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
    await empty();
  });
});

describe('procrastinate', () => {
  const { sql, insert, row, empty, found } = library(procrastinateCase);

  test('jobs in doing are noted, until those of silent workers are included and the others done', async () => {
    await insert('its worker is silent');
    expect(await found('RUNNING_JOBS')).toMatchObject([
      { level: 'note', remedy: expect.stringContaining('--include running') },
    ]);
    expect(await found('RUNNING_JOBS', { include: ['running'] })).toEqual([]);
    await insert('at work');
    expect(await found('RUNNING_JOBS', { include: ['running'] })).toMatchObject([
      {
        what: expect.stringContaining('1 job in doing'),
        remedy: expect.stringContaining('wait until they are done'),
      },
    ]);
    await sql(`UPDATE procrastinate_jobs SET status = 'succeeded'`);
    expect(await found('RUNNING_JOBS')).toEqual([]);
    await empty();
  });

  test('periodic tasks are warned of, until a day after the last worker has deferred one', async () => {
    await row('procrastinate_periodic_defers', {
      task_name: "'nightly'",
      defer_timestamp: 'extract(epoch FROM now())::bigint',
    });
    expect(await found('PERIODIC_TASKS')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('stop the old workers') },
    ]);
    await sql('UPDATE procrastinate_periodic_defers SET defer_timestamp = defer_timestamp - 90000');
    expect(await found('PERIODIC_TASKS')).toEqual([]);
  });

  test('a worker is noted, until it is silent', async () => {
    expect(await found('WORKERS_AT_WORK')).toMatchObject([{ what: expect.stringContaining('(worker 1)') }]);
    await sql(`UPDATE procrastinate_workers SET last_heartbeat = now() - interval '6 minutes'`);
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe('Oban', () => {
  const { sql, insert, empty, found } = library(obanCase);

  test('suspended jobs are warned of, until their workflows are finished', async () => {
    await insert('suspended');
    expect(await found('FLOWS_STAY')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('1 job is suspended') },
    ]);
    await sql(`UPDATE oban_jobs SET state = 'completed'`);
    expect(await found('FLOWS_STAY')).toEqual([]);
  });

  test('a queue that no job stands in is warned of, until it is spelt as the others', async () => {
    await insert('later');
    expect(await found('QUEUE_UNKNOWN', { queues: ['defualt'] })).toMatchObject([
      {
        level: 'warning',
        what: expect.stringContaining('queue defualt'),
        remedy: expect.stringContaining('--queue'),
      },
    ]);
    expect(await found('QUEUE_UNKNOWN', { queues: ['default'] })).toEqual([]);
  });

  test('Oban Pro is warned of, until only queues are drained that are without its batches and workflows', async () => {
    await insert('earlier');
    await sql('CREATE TABLE oban_producers (uuid uuid PRIMARY KEY)');
    expect(await found('OBAN_PRO')).toMatchObject([
      { level: 'warning', remedy: expect.stringContaining('--queue NAME') },
    ]);
    await sql(`UPDATE oban_jobs SET meta = '{"workflow_id": "w"}' WHERE queue = 'default'`);
    expect(await found('OBAN_PRO', { queues: ['default'] })).toHaveLength(1);
    await sql(`INSERT INTO oban_jobs (worker, queue) VALUES ('App.Mailer', 'mails')`);
    expect(await found('OBAN_PRO', { queues: ['mails'] })).toEqual([]);
    await empty();
  });

  test('a node at work is noted, until it is done', async () => {
    await insert('at work');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([{ what: expect.stringContaining('(alive)') }]);
    await empty();
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe('River', () => {
  const { sql, insert, empty, found } = library(riverCase);

  test('pending jobs are warned of, until their workflows are finished', async () => {
    await insert('pending');
    expect(await found('FLOWS_STAY')).toMatchObject([
      { level: 'warning', what: expect.stringContaining('1 job is pending') },
    ]);
    await sql(`UPDATE jobs.river_job SET state = 'available'`);
    expect(await found('FLOWS_STAY')).toEqual([]);
  });

  test('a queue that nobody knows is warned of, until it is spelt as the others', async () => {
    expect(await found('QUEUE_UNKNOWN', { queues: ['defualt'] })).toMatchObject([{ level: 'warning' }]);
    expect(await found('QUEUE_UNKNOWN', { queues: ['default'] })).toEqual([]);
  });

  test('a client at work is noted, until it is done', async () => {
    await insert('at work');
    expect(await found('WORKERS_AT_WORK')).toMatchObject([
      { what: expect.stringContaining('(alive)'), remedy: expect.stringContaining('--pause-source') },
    ]);
    await empty();
    expect(await found('WORKERS_AT_WORK')).toEqual([]);
  });
});

describe.each([graphileWorkerCase, obanCase, pgbossCase, pgmqCase, procrastinateCase, riverCase])(
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
