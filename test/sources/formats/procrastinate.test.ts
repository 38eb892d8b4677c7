import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { specOf } from './describe.ts';
import { queueOf, upTo } from './queue.ts';
import { PROCRASTINATE, PROCRASTINATE_FETCH } from './schemas/procrastinate.ts';
import type { Turn } from './workers.ts';

const { sql, moved, insert, about, contested, interrupted } = queueOf('procrastinate', PROCRASTINATE);

beforeEach(() =>
  sql(
    'TRUNCATE procrastinate_jobs, procrastinate_workers, procrastinate_events, procrastinate_periodic_defers RESTART IDENTITY',
  ),
);

/** A ready job, its columns set to SQL. */
const job = (columns: Record<string, string> = {}) =>
  insert('procrastinate_jobs', { queue_name: "'default'", task_name: "'ping'", ...columns });

/** A worker that has last been heard of some time ago; returns its id as SQL. */
async function worker(silence: string): Promise<string> {
  const [row] = await sql<{ id: string }>(
    `INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '${silence}') RETURNING id`,
  );
  return row!.id;
}

describe('procrastinate', () => {
  test('a job was enqueued at its first event, and nothing of it stays behind', async () => {
    await job();
    await sql(`UPDATE procrastinate_events SET at = '2026-01-01'`);
    await insert('procrastinate_periodic_defers', { task_name: "'ping'", job_id: '1' });
    const { entries } = await moved();
    expect(entries[0]!.text('enqueuedAt')).toBe('2026-01-01T00:00:00.000000Z');
    for (const table of ['jobs', 'events', 'workers'])
      expect(await sql(`SELECT id FROM procrastinate_${table}`)).toEqual([]);
    expect(await sql('SELECT job_id FROM procrastinate_periodic_defers')).toEqual([{ job_id: null }]);
  });

  test('jobs of one lock come in their order, one at a time, and all of them come', async () => {
    await sql(`INSERT INTO procrastinate_jobs (queue_name, task_name, lock, priority)
               SELECT 'default', 'ping', 'lock-' || i % 3, i % 2 FROM generate_series(1, 60) i`);
    const { report, entries } = await moved({}, { workers: 2, batch: 7 });
    expect(report).toMatchObject({ converged: true, appended: 60 });
    for (const lock of ['lock-0', 'lock-1', 'lock-2']) {
      const of = entries.filter((entry) => entry.text('key') === lock);
      const places = of.map((entry) => [-Number(entry.text('priority')), Number(entry.text('id'))]);
      expect(places).toEqual(places.toSorted(([p, i], [q, j]) => p! - q! || i! - j!));
    }
  });

  test('jobs whose lock is being worked on stay, and those behind one that stays', async () => {
    const alive = await worker('1 second');
    await job({ lock: "'a'", status: "'doing'", worker_id: alive });
    await job({ lock: "'a'" });
    await job({ lock: "'b'", scheduled_at: "'2999-01-01'" });
    await job({ lock: "'b'" });
    await job({ lock: "'c'", queue_name: "'other'" });
    await job({ lock: "'c'" });
    await job({ lock: "'d'" });
    expect((await moved({ queues: ['default'] })).ids).toEqual(['7']);
    expect((await moved()).ids).toEqual(['5', '6']);
    // The third is taken as well, and waits beside the stream until it is due.
    expect((await moved({ include: ['scheduled'] })).ids).toEqual(['4']);
    expect(await sql('SELECT id::int FROM procrastinate_jobs ORDER BY id')).toEqual([{ id: 1 }, { id: 2 }]);
  });

  test('beside live workers each job is either worked on or in the stream, never both', async () => {
    await sql(`INSERT INTO procrastinate_jobs (queue_name, task_name, lock)
               SELECT 'default', 'ping', CASE WHEN i % 2 = 0 THEN 'lock-' || i % 20 END FROM generate_series(1, 1000) i`);
    const ids = [await worker('1 second'), await worker('1 second')];
    const turn: Turn = async (session, n) => {
      // Two of one lock at once: the index refuses the second, and the worker tries again.
      const { rows } = await session.query(PROCRASTINATE_FETCH, [ids[n]]).catch((error) => {
        if (error.code !== '23505') throw error;
        return { rows: [] };
      });
      if (rows[0]) await session.query('DELETE FROM procrastinate_jobs WHERE id = $1', [rows[0].id]);
      return rows[0]?.id ?? null;
    };
    const { ids: inStream, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...inStream, ...worked].toSorted()).toEqual(upTo(1000));
  });

  test('jobs of an interrupted run look as a live worker has them, and are released as they were', async () => {
    const gone = await worker('1 hour');
    await job({ queueing_lock: "'once'", attempts: '2' });
    await job({ status: "'failed'" });
    await job({ status: "'doing'", worker_id: gone });
    await sql('UPDATE procrastinate_jobs SET worker_id = NULL WHERE id = 3');
    const before = await sql('SELECT * FROM procrastinate_jobs ORDER BY id');
    const { claimed, release } = await interrupted(3, { include: ['dead', 'running'] });
    expect(claimed.toSorted()).toEqual(['1', '2', '3']);
    expect(await sql(PROCRASTINATE_FETCH, [gone])).toEqual([]);
    // What procrastinate calls stalled, and what it prunes.
    expect(
      await sql(`SELECT j.id FROM procrastinate_jobs j LEFT JOIN procrastinate_workers w ON w.id = j.worker_id
        WHERE j.status = 'doing' AND (j.worker_id IS NULL OR w.last_heartbeat < now() - interval '30 seconds')`),
    ).toEqual([]);
    await sql(`DELETE FROM procrastinate_workers WHERE last_heartbeat < now() - interval '30 seconds'`);
    expect(await release()).toBe(3);
    expect(await sql('SELECT * FROM procrastinate_jobs ORDER BY id')).toEqual(before);
    expect(await sql('SELECT id FROM procrastinate_workers')).toEqual([]);
  });

  test('a release gives up a queueing lock that another job has got, and heeds a request to abort', async () => {
    await job({ queueing_lock: "'once'" });
    await job();
    const { release } = await interrupted(2);
    await job({ queueing_lock: "'once'" });
    await sql('UPDATE procrastinate_jobs SET abort_requested = true WHERE id = 2');
    expect(await release()).toBe(2);
    expect(
      await sql('SELECT id::int, status, queueing_lock, abort_requested FROM procrastinate_jobs ORDER BY id'),
    ).toEqual([
      { id: 1, status: 'todo', queueing_lock: null, abort_requested: false },
      { id: 2, status: 'cancelled', queueing_lock: null, abort_requested: false },
      { id: 3, status: 'todo', queueing_lock: 'once', abort_requested: false },
    ]);
  });

  test('workers that are alive are named, and what goes on producing', async () => {
    const alive = await worker('1 second');
    await worker('1 hour');
    await job({ status: "'doing'", worker_id: alive });
    await insert('procrastinate_periodic_defers', {
      task_name: "'nightly'",
      defer_timestamp: 'extract(epoch FROM now())::bigint',
    });
    const { workers, findings } = await about();
    expect(workers).toEqual([{ name: `worker ${alive}`, seenAt: expect.stringMatching(/Z$/) }]);
    expect(findings.map(({ code }) => code)).toEqual(['RUNNING_JOBS', 'PERIODIC_TASKS']);
  });

  test('schemas from 3.1 on are understood, and others refused by what they have', async () => {
    const other = await ownDatabase();
    await other.sql(PROCRASTINATE);
    const version = async () => (await specOf(other.url, 'procrastinate')).version;
    expect(await version()).toBe('3.4');
    await other.sql('DROP FUNCTION procrastinate_retry_job_v2');
    expect(await version()).toBe('3.1');
    await other.sql('DROP FUNCTION procrastinate_fetch_job_v2');
    await other.sql(
      `CREATE FUNCTION procrastinate_fetch_job(x text) RETURNS text LANGUAGE sql AS 'SELECT x'`,
    );
    expect(await failureOf(version())).toMatchObject({
      kind: 'refused',
      code: 'UNKNOWN_FORMAT_VERSION',
      message: expect.stringContaining('schema before 3'),
    });
    await other.sql('ALTER TABLE procrastinate_jobs DROP COLUMN worker_id');
    expect((await failureOf(version())).message).toContain('no column worker_id');
  });
});
