import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { sessionOf, specOf } from './describe.ts';
import { queueOf } from './queue.ts';
import {
  GOOD_JOB,
  GOOD_JOB_ADVISORY,
  GOOD_JOB_EXECUTABLE,
  GOOD_JOB_SKIP_LOCKED,
  GOOD_JOB_UNLOCK,
} from './schemas/good-job.ts';
import type { Turn } from './workers.ts';

const { sql, moved, insert, about, contested, interrupted, url } = queueOf('good-job', GOOD_JOB);
const sessions: Awaited<ReturnType<typeof sessionOf>>[] = [];
const AGO = (time: string): string => `(now() AT TIME ZONE 'UTC') - interval '${time}'`;
const ID = (n: number | string): string => `00000000-0000-4000-8000-${`${n}`.padStart(12, '0')}`;

beforeEach(() => sql('TRUNCATE good_jobs, good_job_processes, good_job_settings'));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
});

let last = 0;
/** A ready job, its columns set to SQL; returns its id. */
async function job(columns: Record<string, string> = {}): Promise<string> {
  last += 1;
  const id = ID(last);
  const times = { scheduled_at: AGO('1 minute'), created_at: AGO('1 hour'), updated_at: AGO('1 hour') };
  await insert('good_jobs', { id: `'${id}'`, active_job_id: `'${id}'`, ...times, ...columns });
  return id;
}

describe('good_job', () => {
  test('only the queues that are named are taken', async () => {
    await job({ queue_name: "'a'" });
    const b = await job({ queue_name: "'b'" });
    expect((await moved({ queues: ['b'] })).ids).toEqual([b]);
  });

  test('jobs that a worker has locked stay with it, whatever is included', async () => {
    const locked = await job();
    const other = await job();
    const worker = await sessionOf(url());
    sessions.push(worker);
    await worker.query(GOOD_JOB_UNLOCK.replace('pg_advisory_unlock', 'pg_advisory_lock'), [locked]);
    const { report, ids } = await moved({ include: ['scheduled', 'dead', 'running'] });
    expect(ids).toEqual([other]);
    expect(report).toMatchObject({ ending: 'left over', remaining: 1 });
  });

  const many = `INSERT INTO good_jobs (active_job_id, id, scheduled_at, created_at, updated_at)
    SELECT id, id, ${AGO('1 minute')}, ${AGO('1 hour')}, ${AGO('1 hour')}
      FROM (SELECT gen_random_uuid() AS id FROM generate_series(1, 1000))`;
  const all = async () =>
    (await sql<{ id: string }>('SELECT id FROM good_jobs')).map(({ id }) => id).toSorted();

  test('beside workers with advisory locks each job is either worked on or in the stream', async () => {
    await sql(many);
    const expected = await all();
    const turn: Turn = async (worker) => {
      const { rows } = await worker.query(GOOD_JOB_ADVISORY);
      if (!rows[0]) return null;
      const { id } = rows[0];
      const mine = (await worker.query(GOOD_JOB_EXECUTABLE, [id])).rows.length > 0;
      if (mine) await worker.query('DELETE FROM good_jobs WHERE id = $1', [id]);
      await worker.query(GOOD_JOB_UNLOCK, [id]);
      return mine ? id : null;
    };
    const { ids, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...ids, ...worked].toSorted()).toEqual(expected);
  });

  test('beside workers with row locks each job is either worked on or in the stream', async () => {
    await sql(many);
    const expected = await all();
    const turn: Turn = async (worker, n) => {
      const { rows } = await worker.query(GOOD_JOB_SKIP_LOCKED, [ID(`c${n}`)]);
      if (rows[0]) await worker.query('DELETE FROM good_jobs WHERE id = $1', [rows[0].id]);
      return rows[0]?.id ?? null;
    };
    const { ids, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...ids, ...worked].toSorted()).toEqual(expected);
  });

  test('jobs of an interrupted run are hidden from all workers, and released as they were', async () => {
    await job();
    await job({ finished_at: "'2026-02-03'", error: "'Boom: x'" });
    const before = await sql('SELECT * FROM good_jobs ORDER BY id');
    const { claimed, release } = await interrupted(2, { include: ['dead'] });
    expect(claimed).toHaveLength(2);
    expect(await sql(GOOD_JOB_ADVISORY)).toEqual([]);
    expect(await sql(GOOD_JOB_SKIP_LOCKED, [ID('dd')])).toEqual([]);
    expect(await release()).toBe(2);
    expect(await sql('SELECT * FROM good_jobs ORDER BY id')).toEqual(before);
  });

  test('processes that are alive are named, by their lock where they have one', async () => {
    const state = `'{"hostname": "h", "pid": 7}'`;
    const add = (id: string, lock: string, age: string) =>
      sql(`INSERT INTO good_job_processes (id, created_at, updated_at, state, lock_type)
           VALUES ('${id}', now(), ${AGO(age)}, ${state.replace('7', lock === '0' ? '8' : '7')}, ${lock})`);
    await add(ID('a1'), 'NULL', '1 minute');
    await add(ID('a2'), 'NULL', '1 hour');
    await add(ID('a3'), '0', '1 hour');
    await add(ID('a4'), '0', '1 minute');
    const worker = await sessionOf(url());
    sessions.push(worker);
    const lock = GOOD_JOB_UNLOCK.replace('pg_advisory_unlock', 'pg_advisory_lock');
    await worker.query(lock.replace('good_jobs', 'good_job_processes'), [ID('a3')]);
    expect((await about()).workers.map(({ name }) => name)).toEqual(['h:7', 'h:8']);
  });

  test('what the drain cannot do for an operator is told beforehand', async () => {
    await job({ batch_id: `'${ID(99)}'` });
    await job({ cron_key: "'nightly'", cron_at: AGO('1 hour') });
    await job({ active_job_id: `'${ID(98)}'` });
    await job({ scheduled_at: 'NULL' });
    await job({ performed_at: AGO('1 hour') });
    const { findings } = await about();
    expect(findings.map(({ code }) => code)).toEqual([
      'BEGUN_JOBS',
      'OLD_LAYOUT_JOBS',
      'UNSCHEDULED_JOBS',
      'BATCHED_JOBS',
      'CRON_PRODUCES',
    ]);
    expect(findings[0]!.text).toBe('1 job begun by a worker; those stay');
    expect((await moved()).ids).toHaveLength(2);
  });

  test('queues are paused, and only those that were not paused before go on', async () => {
    await job({ queue_name: "'a'" });
    await job({ queue_name: "'b'" });
    const { freeze } = await about();
    const pauses = async () =>
      (await sql(`SELECT value FROM good_job_settings WHERE key = 'pauses'`))[0]?.value;
    for (const text of [...freeze!.freeze, ...freeze!.freeze]) await sql(text);
    expect(await pauses()).toEqual({ queues: ['a', 'b'], job_classes: [], labels: [] });
    for (const text of freeze!.thaw) await sql(text);
    expect(await pauses()).toEqual({ queues: [], job_classes: [], labels: [] });
    await sql('TRUNCATE good_job_settings');
    await insert('good_job_settings', {
      key: "'pauses'",
      value: `'{"queues": ["a"], "labels": ["x"]}'`,
      created_at: 'now()',
      updated_at: 'now()',
    });
    for (const text of [...freeze!.freeze, ...freeze!.freeze]) await sql(text);
    expect(await pauses()).toEqual({ queues: ['a', 'b'], labels: ['x'] });
    for (const text of freeze!.thaw) await sql(text);
    expect(await pauses()).toEqual({ queues: ['a'], labels: ['x'] });
    expect(await sql('SELECT key FROM good_job_settings')).toEqual([{ key: 'pauses' }]);
  });

  test('tables that lack migrations are refused by what they lack', async () => {
    const other = await ownDatabase();
    await other.sql(GOOD_JOB);
    await other.sql('ALTER TABLE good_jobs DROP COLUMN labels, DROP COLUMN locked_by_id');
    expect(await failureOf(specOf(other.url, 'good-job'))).toMatchObject({
      kind: 'refused',
      code: 'UNKNOWN_FORMAT_VERSION',
      message: expect.stringContaining('good_jobs has no column labels, locked_by_id'),
      hint: expect.arrayContaining([expect.stringContaining('good_job:update')]),
    });
  });
});
