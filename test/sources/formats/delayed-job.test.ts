import { beforeEach, describe, expect, test } from 'vitest';
import { failureOf, ownDatabase } from '../../drain/driver.ts';
import { sessionOf, specOf } from './describe.ts';
import { queueOf, upTo } from './queue.ts';
import { DELAYED_JOB, DELAYED_JOB_RESERVE } from './schemas/delayed-job.ts';
import type { Turn } from './workers.ts';

const AGO = (time: string): string => `(now() AT TIME ZONE 'UTC') - interval '${time}'`;
const { sql, url, moved, insert, about, contested } = queueOf('delayed-job', DELAYED_JOB);

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
    const { entries } = await moved({}, { workers: 1 });
    expect(entries.map((entry) => entry.text('type'))).toEqual([
      'Mail::WelcomeJob',
      'Report.build',
      'User#greet',
      undefined,
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

  test('workers at work are named, with their last sign of life', async () => {
    await job({ locked_by: "'host:a pid:2'", locked_at: AGO('1 minute') });
    await job({ locked_by: "'host:gone pid:9'", locked_at: AGO('1 day') });
    const idle = await sessionOf(url());
    const { workers, findings } = await about();
    await idle.end();
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
