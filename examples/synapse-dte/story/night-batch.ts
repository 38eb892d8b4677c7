import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

const JOBS = 400;
const DRAIN = ['drain', 'postgres', 'night-batch', '--yes'];
const INSERT = `
  INSERT INTO jobs (id, type, report_id, payload, state)
  SELECT id, 'test-execution', 'night', jsonb_build_object('id', id, 'type', 'test-execution', 'report', 'night', 'total', 1,
         'stepMs', 1, 'ttlMs', 86400000, 'submittedAt', $2::bigint), 'night'
    FROM unnest($1::text[]) id`;

/** The night's batch is moved to the new side. The drain is held from another host, and killed. */
export async function nightBatch(team: Team): Promise<void> {
  heading('The batch of the night: a drain that is paused from another host, and killed');
  const jobs = Array.from({ length: JOBS }, (_, n) => `night-${n}`);
  team.evidence.bring(jobs.map((job) => ({ job, total: 1 })));
  await team.query(INSERT, [jobs, Date.now()]);
  const { child, ended } = team.ops.start([...DRAIN, '--rate', '20/s', '--quiet']);
  await untilMoved(team, 20);
  const run = (await team.redis.zrange('qctl:runs', '-1', '-1'))[0]!;
  await team.other.runBriefly(['drain', 'pause', run, '--reason', 'the warehouse is busy'], /./);
  await waitFor(() => saysPaused(team, run), { what: 'the pause', timeoutMs: 30_000, everyMs: 50 });
  const held = await moved(team);
  await team.other.runBriefly(['drain', 'status', run], /^(run|state|paused|read|appended|remaining|held)/);
  await team.other.runBriefly(['drain', 'resume', run], /./);
  await untilMoved(team, held + 15);
  child.kill('SIGKILL');
  await ended;
  const before = await moved(team);
  print(`\n✗ kill -9 ${child.pid}: ${before} of ${JOBS} jobs had left the table`);
}

/** Taken up on another host, at full speed. */
export async function nightBatchGoesOn(team: Team, { figures }: Stage): Promise<void> {
  heading('The batch of the night goes on: the same command on another host');
  await team.other.runBriefly(DRAIN, /^(run|read|appended|duplicates|settled|remaining|converged)/);
  const entries = await team.redis.xrange('jobs:test-execution', '-', '+');
  const ids = entries
    .map(([, fields]) => fields[fields.indexOf('id') + 1]!)
    .filter((id) => id.startsWith('night-'));
  figures.held(
    'batch of the night, in the stream',
    `${new Set(ids).size} of ${JOBS}, ${ids.length - new Set(ids).size} doubled`,
    {
      wanted: 'each exactly once',
      holds: new Set(ids).size === JOBS && ids.length === JOBS,
    },
  );
}

/** Whether the process at work says so of itself, in the record of the run. */
async function saysPaused({ redis }: Team, run: string): Promise<boolean> {
  const fields = await redis.hvals(`qctl:run:${run}`);
  return fields.some((text) => text.includes('"state":"paused"'));
}

/** Jobs that have left the table. */
async function moved({ query }: Team): Promise<number> {
  const [row] = await query<{ n: number }>("SELECT count(*)::int AS n FROM jobs WHERE state = 'night'");
  return JOBS - row!.n;
}

async function untilMoved(team: Team, least: number): Promise<void> {
  const there = async () => (await moved(team)) >= least;
  await waitFor(there, { what: `${least} jobs in the stream`, timeoutMs: 30_000, everyMs: 50 });
}
