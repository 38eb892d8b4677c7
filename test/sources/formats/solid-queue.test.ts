import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { specOf } from './describe.ts';
import { queueOf, upTo } from './queue.ts';
import {
  NOW,
  SOLID_QUEUE,
  SOLID_QUEUE_CLAIM,
  SOLID_QUEUE_LOCK,
  SOLID_QUEUE_TAKE,
} from './schemas/solid-queue.ts';
import { type Turn, transaction } from './workers.ts';

const { sql, moved, insert, about, contested, interrupted } = queueOf('solid-queue', SOLID_QUEUE);
const STATES = ['ready', 'scheduled', 'blocked', 'failed', 'claimed'];
const TABLES = ['processes', 'semaphores', 'pauses', 'recurring_tasks'].map((name) => `solid_queue_${name}`);

beforeEach(() => sql(`TRUNCATE solid_queue_jobs, ${TABLES} RESTART IDENTITY CASCADE`));

let jobs = 0;
beforeEach(() => {
  jobs = 0;
});

/** A job and its execution in the table of a state, columns of both set to SQL; returns its id. */
async function job(
  state: string,
  columns: Record<string, string> = {},
  execution: Record<string, string> = {},
): Promise<string> {
  jobs += 1;
  const all = {
    queue_name: "'default'",
    class_name: "'PingJob'",
    arguments: "'{}'",
    priority: '0',
    scheduled_at: `${NOW} - interval '1 minute'`,
    created_at: `${NOW} - interval '1 hour'`,
    updated_at: NOW,
    ...columns,
  };
  await insert('solid_queue_jobs', all);
  if (state === 'finished') return `${jobs}`;
  const place = { queue_name: all.queue_name, priority: all.priority };
  const own: Record<string, Record<string, string>> = {
    ready: place,
    scheduled: { ...place, scheduled_at: all.scheduled_at },
    blocked: {
      ...place,
      concurrency_key: columns.concurrency_key ?? "'k'",
      expires_at: `${NOW} + interval '3 minutes'`,
    },
    failed: { error: `'{"message":"boom"}'` },
    claimed: {},
  };
  await insert(`solid_queue_${state}_executions`, {
    job_id: `${jobs}`,
    created_at: all.scheduled_at,
    ...own[state],
    ...execution,
  });
  return `${jobs}`;
}

const semaphore = (key: string, value: number) =>
  insert('solid_queue_semaphores', {
    key: `'${key}'`,
    value: `${value}`,
    expires_at: `${NOW} + interval '1 minute'`,
    created_at: NOW,
    updated_at: NOW,
  });

async function worker(name: string, silence: string): Promise<string> {
  const [row] = await sql<{ id: string }>(
    `INSERT INTO solid_queue_processes (kind, last_heartbeat_at, pid, created_at, name)
     VALUES ('Worker', ${NOW} - interval '${silence}', 1, ${NOW}, '${name}') RETURNING id`,
  );
  return row!.id;
}

/** Every job and execution that there is, without the executions' own ids. */
const everything = () =>
  sql(
    `SELECT j.*, (SELECT jsonb_agg(x ORDER BY x) FROM (${STATES.map(
      (state) =>
        `SELECT jsonb_build_object('state', '${state}') || (to_jsonb(e) - 'id') AS x
         FROM solid_queue_${state}_executions e WHERE e.job_id = j.id`,
    ).join(' UNION ALL ')})) AS executions FROM solid_queue_jobs j ORDER BY j.id`,
  );

describe('Solid Queue', () => {
  test('a body that is no JSON arrives byte for byte', async () => {
    await job('ready', { arguments: "'no json {'" });
    await job('ready', { arguments: 'NULL' });
    const { entries } = await moved();
    expect(entries.map((entry) => entry.text('body')).toSorted()).toEqual(['no json {', undefined]);
  });

  test('due jobs that no dispatcher has made ready are taken, unless their limit is reached', async () => {
    await semaphore('full', 0);
    await job('scheduled');
    await job('scheduled', { concurrency_key: "'full'" });
    await job('blocked', { concurrency_key: "'full'" }, { expires_at: `${NOW} - interval '1 second'` });
    await job('blocked', { concurrency_key: "'free'" }, { expires_at: `${NOW} - interval '1 second'` });
    await job('blocked', { concurrency_key: "'free'" });
    expect((await moved()).ids.toSorted()).toEqual(['1', '4']);
  });

  test('only the queues that are named are taken, paused or not', async () => {
    await job('ready', { queue_name: "'a'" });
    await job('ready', { queue_name: "'b'" });
    await insert('solid_queue_pauses', { queue_name: "'b'", created_at: NOW });
    expect((await moved({ queues: ['b'] })).ids).toEqual(['2']);
  });

  test('jobs that a concurrency limit blocks become ready one after the other, in their order', async () => {
    const key = { concurrency_key: "'k'" };
    await semaphore('k', 0);
    await job('ready', key);
    await job('blocked', { ...key, priority: '9' });
    await job('blocked', key);
    const { report, ids } = await moved({}, { workers: 1 });
    expect(ids).toEqual(['1', '3', '2']);
    expect(report).toMatchObject({ converged: true, appended: 3, remaining: 0 });
    expect(await sql('SELECT value FROM solid_queue_semaphores')).toEqual([{ value: 1 }]);
    expect(await everything()).toEqual([]);
  });

  test('moved jobs give their semaphore to one that stays behind', async () => {
    const key = { concurrency_key: "'k'" };
    await semaphore('k', 0);
    await job('ready', { ...key, queue_name: "'a'" });
    await job('blocked', { ...key, queue_name: "'b'" });
    await job('blocked', { ...key, queue_name: "'b'" });
    expect((await moved({ queues: ['a'] })).ids).toEqual(['1']);
    expect(
      (await everything()).map(({ executions }) => (executions as { state: string }[])[0]!.state),
    ).toEqual(['ready', 'blocked']);
    expect(await sql('SELECT value FROM solid_queue_semaphores')).toEqual([{ value: 0 }]);
  });

  test('beside live workers each job is either worked on or in the stream, never both', async () => {
    await sql(`INSERT INTO solid_queue_jobs (queue_name, class_name, created_at, updated_at)
               SELECT 'default', 'J', ${NOW}, ${NOW} FROM generate_series(1, 1500)`);
    await sql(`INSERT INTO solid_queue_ready_executions (job_id, queue_name, created_at)
               SELECT id, queue_name, created_at FROM solid_queue_jobs`);
    const processes = [await worker('a', '1 second'), await worker('b', '1 second')];
    const turn: Turn = async (session, n) => {
      const id = await transaction(session, async () => {
        const { rows } = await session.query(SOLID_QUEUE_LOCK);
        if (!rows[0]) return null;
        await session.query(SOLID_QUEUE_CLAIM, [rows[0].job_id, processes[n]]);
        await session.query(SOLID_QUEUE_TAKE, [rows[0].id]);
        return rows[0].job_id;
      });
      if (id !== null) await session.query('DELETE FROM solid_queue_jobs WHERE id = $1', [id]);
      return id;
    };
    const { ids, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...ids, ...worked].toSorted()).toEqual(upTo(1500));
  });

  test('jobs of an interrupted run are hidden from all processes, and released as they were', async () => {
    const times = { scheduled_at: "'2026-01-02'", created_at: "'2026-01-01'" };
    await job('ready', { concurrency_key: "'k'", ...times });
    await job('scheduled', { ...times, scheduled_at: "'2999-01-01'" }, { created_at: "'2026-01-01'" });
    await job('failed');
    await job('claimed', times);
    const before = await everything();
    const { claimed, release } = await interrupted(4, { include: ['scheduled', 'dead', 'running'] });
    expect(claimed.toSorted()).toEqual(['1', '2', '3', '4']);
    expect(await sql(SOLID_QUEUE_LOCK)).toEqual([]);
    expect(await sql('SELECT id FROM solid_queue_scheduled_executions')).toEqual([]);
    expect(await sql('SELECT id FROM solid_queue_claimed_executions')).toEqual([]);
    // What Solid Queue clears away by itself.
    expect(
      await sql(`SELECT id FROM solid_queue_jobs WHERE finished_at < ${NOW} + interval '1 day'`),
    ).toEqual([]);
    expect(await release()).toBe(4);
    expect(await everything()).toEqual(before);
  });

  test('workers that are alive are named, and what the drain cannot do is told beforehand', async () => {
    await worker('worker-a', '1 second');
    await worker('worker-b', '1 hour');
    await job('ready', { concurrency_key: "'k'" });
    await job('blocked', { concurrency_key: "'k'" });
    await job('claimed');
    await insert('solid_queue_recurring_tasks', {
      key: "'nightly'",
      schedule: "'0 0 * * *'",
      created_at: NOW,
      updated_at: NOW,
    });
    const { workers, findings } = await about();
    expect(workers).toEqual([{ name: 'worker-a', seenAt: expect.stringMatching(/Z$/) }]);
    expect(findings.map(({ code }) => code)).toEqual([
      'RUNNING_JOBS',
      'BLOCKED_JOBS',
      'CONCURRENCY_LIMITS',
      'RECURRING_TASKS',
    ]);
    expect(findings[3]!.text).toMatch(/^1 recurring task: /);
  });

  test('queues are paused for the drain, and only those that were not paused before go on', async () => {
    await job('ready', { queue_name: "'a'" });
    await job('ready', { queue_name: "'b'" });
    await insert('solid_queue_pauses', { queue_name: "'a'", created_at: NOW });
    const { freeze } = await about();
    const paused = async () =>
      (await sql('SELECT queue_name FROM solid_queue_pauses ORDER BY 1')).map((row) => row.queue_name);
    for (const text of [...freeze!.freeze, ...freeze!.freeze]) await sql(text);
    expect(await paused()).toEqual(['a', 'b']);
    for (const text of freeze!.thaw) await sql(text);
    expect(await paused()).toEqual(['a']);
  });

  test('tables of another shape are refused by what they lack', async () => {
    const other = await ownDatabase();
    await other.sql(SOLID_QUEUE);
    await other.sql('ALTER TABLE solid_queue_processes DROP COLUMN name');
    expect(await failureOf(specOf(other.url, 'solid-queue'))).toMatchObject({
      kind: 'refused',
      code: 'UNKNOWN_FORMAT_VERSION',
      message: expect.stringContaining('solid_queue_processes has no column name'),
    });
    await other.sql('DROP TABLE solid_queue_semaphores');
    await other.sql('ALTER TABLE solid_queue_processes ADD COLUMN name varchar');
    expect((await failureOf(specOf(other.url, 'solid-queue'))).message).toContain(
      'there is no table solid_queue_semaphores',
    );
  });
});
