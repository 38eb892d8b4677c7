import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { specOf } from './describe.ts';
import { fieldsOf, queueOf, upTo } from './queue.ts';
import { DELAYED_JOB, DELAYED_JOB_RESERVE } from './schemas/delayed-job.ts';
import type { Turn } from './workers.ts';

const AGO = (time: string): string => `(now() AT TIME ZONE 'UTC') - interval '${time}'`;
const { sql, moved, insert, about, contested, interrupted } = queueOf('delayed-job', DELAYED_JOB);

beforeEach(() => sql('TRUNCATE delayed_jobs RESTART IDENTITY'));

/** A ready job, its columns set to SQL. */
const job = (columns: Record<string, string> = {}) =>
  insert('delayed_jobs', {
    handler: "'--- !ruby/struct:PingJob'",
    run_at: AGO('1 minute'),
    created_at: AGO('1 hour'),
    ...columns,
  });

describe('delayed_job', () => {
  test('a ready job arrives with all that it is', async () => {
    const handler = '--- !ruby/object:MailJob\nto: "zoë@example.org"\n';
    await job({
      handler: `E'${handler.replaceAll('\n', '\\n')}'`,
      priority: '7',
      attempts: '3',
      last_error: "'boom'",
      queue: "'mails'",
      run_at: "'2026-01-02 03:04:05.678901'",
      created_at: "'2026-01-01 00:00:00'",
    });
    const { report, entries } = await moved();
    expect(report).toMatchObject({ converged: true, appended: 1, settled: 1, remaining: 0 });
    expect(fieldsOf(entries[0])).toMatchObject({
      id: '1',
      body: handler,
      type: 'MailJob',
      priority: '7',
      attempts: '3',
      enqueuedAt: '2026-01-01T00:00:00.000000Z',
      notBefore: '2026-01-02T03:04:05.678901Z',
      'attr.queue': 'mails',
      'attr.last_error': 'boom',
      'attr.priorityOrder': 'lower-first',
    });
    expect(await sql('SELECT id FROM delayed_jobs')).toEqual([]);
  });

  test('the job class is told whatever wraps it', async () => {
    const wrapper = '--- !ruby/object:ActiveJob::QueueAdapters::DelayedJobAdapter::JobWrapper\\njob_data:';
    await job({ handler: `E'${wrapper}\\n  job_class: Mail::WelcomeJob\\n  job_id: 1'` });
    const performable = '--- !ruby/object:Delayed::PerformableMethod';
    await job({
      handler: `E'${performable}\\nobject: !ruby/class ''Report''\\nmethod_name: :build\\nargs: []'`,
    });
    await job({
      handler: `E'${performable}\\nobject: !ruby/object:User\\n  id: 1\\nmethod_name: :greet\\nargs: []'`,
    });
    await job({ handler: "'no yaml of a job'" });
    const { entries } = await moved();
    expect(entries.map((entry) => entry.text('type'))).toEqual([
      'Mail::WelcomeJob',
      'Report.build',
      'User#greet',
      undefined,
    ]);
  });

  test('jobs come in the order of the workers: lower priority first, then by their time', async () => {
    await job({ priority: '5', run_at: AGO('3 minutes') });
    await job({ priority: '5', run_at: AGO('9 minutes') });
    await job({ priority: '-1' });
    expect((await moved({}, { workers: 1 })).ids).toEqual(['3', '2', '1']);
  });

  test('what is scheduled, failed or running stays, and is taken when asked for', async () => {
    await job();
    await job({ run_at: "'2999-01-01'" });
    await job({ failed_at: AGO('1 day'), locked_by: "'host:a pid:1'", locked_at: AGO('1 day') });
    await job({ locked_by: "'host:a pid:2'", locked_at: AGO('1 minute') });
    await job({ locked_by: "'host:b pid:3'", locked_at: AGO('5 hours') });
    expect((await moved()).ids).toEqual(['1']);
    expect((await moved({ include: ['scheduled'] })).entries[0]!.text('notBefore')).toMatch(/^2999-01-01T/);
    const dead = (await moved({ include: ['dead'] })).entries;
    expect(dead.map((entry) => entry.text('id'))).toEqual(['3']);
    expect(dead[0]!.text('attr.failed_at')).toMatch(/^20\d\d-/);
    expect((await moved({ include: ['running'] })).ids).toEqual(['5']);
    expect(await sql('SELECT id::int, locked_by FROM delayed_jobs')).toEqual([
      { id: 4, locked_by: 'host:a pid:2' },
    ]);
  });

  test('only the queues that are named are taken', async () => {
    await job({ queue: "'a'" });
    await job({ queue: "'it''s'" });
    await job();
    expect((await moved({ queues: ['a', "it's"] })).ids.toSorted()).toEqual(['1', '2']);
  });

  test('beside live workers each job is either worked on or in the stream, never both', async () => {
    await sql(
      `INSERT INTO delayed_jobs (handler, run_at) SELECT '--- x', ${AGO('1 minute')} FROM generate_series(1, 1500)`,
    );
    const turn: Turn = async (session, worker) => {
      const { rows } = await session.query(DELAYED_JOB_RESERVE, [`host:w pid:${worker}`]);
      if (rows[0]) await session.query('DELETE FROM delayed_jobs WHERE id = $1', [rows[0].id]);
      return rows[0]?.id ?? null;
    };
    const { ids, worked } = await contested(turn);
    expect(worked.length).toBeGreaterThan(0);
    expect([...ids, ...worked].toSorted()).toEqual(upTo(1500));
  });

  test('jobs of an interrupted run are hidden from workers, and released as they were', async () => {
    for (let i = 0; i < 3; i += 1) await job({ queue: "'q'", attempts: '2' });
    const before = await sql('SELECT * FROM delayed_jobs ORDER BY id');
    const { claimed, release } = await interrupted(3);
    expect(claimed).toHaveLength(3);
    expect(await sql(DELAYED_JOB_RESERVE, ['host:w pid:1'])).toEqual([]);
    expect(await release()).toBe(3);
    expect(await sql('SELECT * FROM delayed_jobs ORDER BY id')).toEqual(before);
  });

  test('workers at work are named, with their last sign of life', async () => {
    await job({ locked_by: "'host:a pid:2'", locked_at: AGO('1 minute') });
    await job({ locked_by: "'host:gone pid:9'", locked_at: AGO('1 day') });
    const { workers, findings } = await about();
    expect(workers).toEqual([{ name: 'host:a pid:2', seenAt: expect.stringMatching(/Z$/) }]);
    expect(findings.map(({ code }) => code)).toEqual(['STALE_LOCKS', 'IDLE_WORKERS_UNSEEN']);
  });

  test('a table of another shape is refused by what it lacks', async () => {
    const other = await ownDatabase();
    await other.sql('CREATE TABLE delayed_jobs (id bigserial PRIMARY KEY, handler text)');
    expect(await failureOf(specOf(other.url, 'delayed-job'))).toMatchObject({
      kind: 'refused',
      code: 'UNKNOWN_FORMAT_VERSION',
      message: expect.stringContaining('delayed_jobs has no column priority, attempts'),
    });
    const canvas = await ownDatabase();
    await canvas.sql(DELAYED_JOB);
    await canvas.sql('ALTER TABLE delayed_jobs ADD COLUMN strand text');
    expect((await failureOf(specOf(canvas.url, 'delayed-job'))).message).toContain('inst-jobs');
  });
});
