import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { claimStatements } from '../../../src/sources/postgres/claim-sql.ts';
import { PostgresSource } from '../../../src/sources/postgres/index.ts';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { uniqueName } from '../../support/shared.ts';
import { sessionOf, specOf } from './describe.ts';
import { queueOf, upTo } from './queue.ts';
import { QUE, QUE_CHECK, QUE_DESTROY, QUE_POLL } from './schemas/que.ts';
import type { Turn } from './workers.ts';

const { sql, moved, insert, about, contested, interrupted, spec, url } = queueOf('que', QUE);
const sessions: Awaited<ReturnType<typeof sessionOf>>[] = [];

beforeEach(() => sql('TRUNCATE que_jobs, que_lockers RESTART IDENTITY'));
afterEach(async () => {
  for (const session of sessions.splice(0)) await session.end();
});

async function session() {
  const client = await sessionOf(url());
  sessions.push(client);
  return client;
}

/** A ready job, its columns set to SQL. */
const job = (columns: Record<string, string> = {}) =>
  insert('que_jobs', {
    job_class: "'PingJob'",
    run_at: "now() - interval '1 minute'",
    job_schema_version: '2',
    ...columns,
  });

const unlock = (id: string): string => `SELECT pg_advisory_unlock(${id})`;

describe('Que', () => {
  test('running jobs cannot be asked for: there are none that nobody is at', async () => {
    expect(await failureOf(spec({ include: ['running'] }))).toMatchObject({
      kind: 'usage',
      code: 'INCLUDE_UNKNOWN',
    });
  });

  test('only the queues that are named are taken', async () => {
    await job({ queue: "'a'" });
    await job({ queue: "'b'" });
    expect((await moved({ queues: ['b'] })).ids).toEqual(['2']);
  });

  test('jobs that a worker has locked stay with it, whatever is included', async () => {
    await job();
    await job();
    const worker = await session();
    await worker.query('SELECT pg_advisory_lock(1)');
    const { report, ids } = await moved({ include: ['scheduled', 'dead'] });
    expect(ids).toEqual(['2']);
    expect(report).toMatchObject({ ending: 'left over', remaining: 1 });
    expect((await about()).findings.map(({ code, text }) => [code, text])).toEqual([
      ['RUNNING_JOBS', '1 job locked by workers just now; those stay with them'],
    ]);
  });

  test('a job that a worker finishes between the look and the lock is not taken', async () => {
    for (let i = 0; i < 2; i += 1) await job();
    const source = await PostgresSource.open({ url: url() }, await spec());
    const { lock, claim } = claimStatements(await spec(), source.table, uniqueName('run'));
    await source.close();
    const drain = await session();
    // A statement sees the rows as of its beginning, and gets locks as of now.
    await drain.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
    const places = (
      await drain.query(
        'SELECT tableoid::int8::text AS relation, ctid::text AS place FROM que_jobs ORDER BY id',
      )
    ).rows;
    const lists = [['1', '2'], places.map(({ relation }) => relation), places.map(({ place }) => place)];
    await sql(QUE_DESTROY, ['1']);
    await sql('UPDATE que_jobs SET finished_at = now() WHERE id = 2');
    const seen = (await drain.query(lock!, lists)).rows;
    expect(seen.map(({ id, got }) => [id, got])).toEqual([
      ['1', true],
      ['2', true],
    ]);
    await drain.query('COMMIT');
    const taken = await drain.query(claim, [...lists, null, null, [true, true]]);
    expect(taken.rows).toEqual([]);
  });

  test('beside live workers each job is either worked on or in the stream, never both', async () => {
    await sql(
      `INSERT INTO que_jobs (job_class, job_schema_version) SELECT 'J', 2 FROM generate_series(1, 1500)`,
    );
    const turn: Turn = async (worker) => {
      const { rows } = await worker.query(QUE_POLL);
      if (!rows[0]) return null;
      const { id } = rows[0];
      const mine = (await worker.query(QUE_CHECK, [id])).rows.length > 0;
      if (mine) await worker.query(QUE_DESTROY, [id]);
      await worker.query(unlock(id));
      return mine ? id : null;
    };
    const { ids, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...ids, ...worked].toSorted()).toEqual(upTo(1500));
  });

  test('listeners are not told of a job finished for every one that is moved', async () => {
    const listener = await session();
    const heard: string[] = [];
    listener.on('notification', ({ payload }) => heard.push(payload ?? ''));
    await listener.query('LISTEN que_state');
    await job();
    await moved();
    await listener.query('SELECT 1');
    expect(heard).toEqual(['INSERT']);
  });

  test('jobs of an interrupted run are hidden from workers, and released as they were', async () => {
    await job({ error_count: '2' });
    await job({ expired_at: "'2026-01-01'" });
    const before = await sql('SELECT * FROM que_jobs ORDER BY id');
    const { claimed, release } = await interrupted(2, { include: ['dead'] });
    expect(claimed.toSorted()).toEqual(['1', '2']);
    expect(await sql(QUE_POLL)).toEqual([]);
    expect(await release()).toBe(2);
    expect(await sql('SELECT * FROM que_jobs ORDER BY id')).toEqual(before);
  });

  test('lockers that are alive are named, and those whose session is gone are not', async () => {
    const worker = await session();
    const locker = `INSERT INTO que_lockers VALUES ($1, 6, '{}', $2, 'host-a', '{default}', true, 2)`;
    const { rows } = await worker.query('SELECT pg_backend_pid() AS pid');
    await sql(locker, [rows[0].pid, 4711]);
    await sql(locker, [2147483647, 4712]);
    expect((await about()).workers).toEqual([{ name: 'host-a:4711', seenAt: null }]);
  });

  test('versions 4 to 7 are understood, with or without the comment, and others refused', async () => {
    const other = await ownDatabase();
    await other.sql(QUE);
    const version = async () => (await specOf(other.url, 'que')).version;
    expect(await version()).toBe('7');
    await other.sql('COMMENT ON TABLE que_jobs IS NULL');
    expect(await version()).toBe('6');
    await other.sql('ALTER TABLE que_jobs DROP COLUMN kwargs');
    expect(await version()).toBe('5');
    await other.sql('ALTER TABLE que_jobs DROP COLUMN job_schema_version');
    expect(await version()).toBe('4');
    await other.sql(`COMMENT ON TABLE que_jobs IS '8'`);
    expect(await failureOf(version())).toMatchObject({
      kind: 'refused',
      code: 'UNKNOWN_FORMAT_VERSION',
      message: expect.stringContaining('schema 8'),
      hint: expect.arrayContaining(['understood are: schema 4 to 7 (Que 1 and 2)']),
    });
    await other.sql('COMMENT ON TABLE que_jobs IS NULL');
    await other.sql('ALTER TABLE que_jobs DROP COLUMN finished_at CASCADE');
    expect((await failureOf(version())).message).toContain('before 4');
  });
});
