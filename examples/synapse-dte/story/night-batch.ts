import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

const JOBS = 500;
const DRAIN = ['drain', 'postgres', 'night-batch', '--rate', '200/s', '--yes'];
const INSERT = `
  INSERT INTO jobs (id, type, report_id, payload, state)
  SELECT id, 'test-execution', 'night', jsonb_build_object('id', id, 'type', 'test-execution', 'report', 'night', 'total', 1,
         'stepMs', 1, 'ttlMs', 86400000, 'submittedAt', 0), 'night'
    FROM unnest($1::text[]) id`;

interface Run {
  run: string;
  state: string;
  appended: number;
}

/** The night's batch is moved to the new side. The drain is held from another host, killed, and taken up there. */
export async function nightBatch(team: Team, { figures }: Stage): Promise<void> {
  heading('The batch of the night: a drain that is paused from another host, killed, and taken up there');
  const jobs = Array.from({ length: JOBS }, (_, n) => `night-${n}`);
  team.evidence.bring(jobs.map((job) => ({ job, total: 1 })));
  await team.query(INSERT, [jobs]);
  const { child, ended } = team.ops.start([...DRAIN, '--quiet']);
  const { run } = await appended(team, 60);
  await team.other.runBriefly(['drain', 'pause', run, '--reason', 'the warehouse is busy'], /./);
  await waitFor(async () => (await newest(team)).state === 'paused', { what: 'the pause', everyMs: 100 });
  const held = (await newest(team)).appended;
  await team.other.runBriefly(['drain', 'status', run], /^(run|state|paused|read|appended|remaining|held)/);
  await team.other.runBriefly(['drain', 'resume', run], /./);
  const { appended: before } = await appended(team, held + 60);
  child.kill('SIGKILL');
  await ended;
  print(
    `\n✗ kill -9 ${child.pid}: ${before} of ${JOBS} jobs were in the stream; the same command on another host\n`,
  );
  await team.other.runBriefly(DRAIN, /^(run|read|appended|duplicates|settled|remaining|converged)/);
  await team.other.runBriefly(
    ['verify', run],
    /^(run|converged|verified|checked|in the stream|missing|doubled|ok)/,
  );
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

async function newest({ other }: Team): Promise<Run> {
  const { items } = await other.look<{ items: Run[] }>(['drain', 'list', '--limit', '1']);
  return items[0]!;
}

const appended = (team: Team, least: number) =>
  waitFor(
    async () => {
      const found = await newest(team);
      return found.appended >= least ? found : undefined;
    },
    { what: `${least} jobs in the stream`, timeoutMs: 20_000, everyMs: 100 },
  );
