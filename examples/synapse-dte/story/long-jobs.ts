import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { keysOf, stepsDone, untilStatus, untilStep } from './jobs.ts';
import type { Team } from './team.ts';

const STREAM = 'jobs:data-profiling';
const STEPS = 60;

/** A request as somebody would type it, and what the application answers of the job. */
async function typed(team: Team, method: 'GET' | 'POST', path: string, body?: Record<string, unknown>) {
  const data = body ? ` -d '${JSON.stringify(body)}'` : '';
  print(`$ curl -s${method === 'POST' ? ' -X POST' : ''} $SYNAPSE_API/api/v1/${path}${data}`);
  const answer = await team.call(method, path, body);
  const shown = ['id', 'side', 'status', 'order', 'current_index', 'total_items', 'host', 'why'];
  print(
    shown
      .filter((name) => name in answer)
      .map((name) => `${name}=${answer[name]}`)
      .join('  '),
  );
}

/** A job of minutes is paused and resumed, loses its host, and comes to its end on another one. */
export async function longJob(team: Team, { figures }: Stage): Promise<void> {
  heading('A long job: paused, resumed, its host killed with -9, ended on another host');
  const job = 'profile-4711';
  await typed(team, 'POST', 'jobs', { type: 'data-profiling', id: job, total: STEPS, stepMs: 40 });
  await untilStep(team, job, 10);
  await typed(team, 'POST', `jobs/${job}/pause`);
  await untilStatus(team, job, 'paused');
  await typed(team, 'GET', `jobs/${job}`);
  const paused = await stepsDone(team, job);
  print(`its checkpoint: ${JSON.stringify(await team.redis.hgetall(keysOf(job).checkpoint))}`);
  await typed(team, 'POST', `jobs/${job}/resume`);
  await untilStep(team, job, paused + 10);
  const { pid, host } = team.evidence.began().findLast((one) => one.job === job)!;
  process.kill(pid, 'SIGKILL');
  print(
    `\n✗ kill -9 ${pid}: host ${host} is gone, ${team.evidence.stepsOf(job).length} of ${STEPS} steps were done\n`,
  );
  await claimed(team, host);
  const told = await team.call<{ rule?: string }[]>('GET', 'alerts');
  figures.held('the dead host, told of by', told.map(({ rule }) => rule).join(', '), {
    wanted: 'job-stuck',
    holds: told.some(({ rule }) => rule === 'job-stuck'),
  });
  await typed(team, 'GET', `jobs/${job}`);
  await untilStatus(team, job, 'completed');
  const began = team.evidence.began().filter((one) => one.job === job);
  for (const { from, why, host: on } of began) print(`${job}: on ${on} from step ${from} (${why})`);
  const twice = team.evidence.stepsOf(job).length - STEPS;
  figures.held('long job, hosts it was on and where each began', began.map(({ from }) => from).join(', '), {
    wanted: 'from 0 only the first time',
    holds: began.length === 3 && began.slice(1).every(({ from }) => from > 0) && began[2]!.host !== host,
  });
  figures.held('long job, steps carried out twice', twice, {
    wanted: 'at most the one in hand',
    holds: twice <= 1,
  });
}

/** What the dead host had in hand is seen, told of, and given to the other one. */
async function claimed(team: Team, host: string): Promise<void> {
  const other = host === 'worker-high-1' ? 'worker-high-2' : 'worker-high-1';
  const stuck = async () =>
    (await team.redis.xpending(STREAM, 'workers', 'IDLE', 1000, '-', '+', 1)).length > 0;
  await waitFor(stuck, { what: 'a stuck entry', timeoutMs: 20_000 });
  await team.ops.run(['alerts', 'run', '--once']);
  await team.ops.runBriefly(['claim', STREAM, '--to', other, '--yes'], /^(stream|claimed|dead|left)/);
}

/** A checkpoint that has expired, and a restart that somebody orders: each begins at 0 and says why. */
export async function fromTheBeginning(team: Team, { figures }: Stage): Promise<void> {
  heading('An expired checkpoint, and a restart: from the beginning, and it says why');
  const [late, again] = ['profile-4712', 'profile-4713'];
  await typed(team, 'POST', 'jobs', { type: 'data-profiling', id: late, total: 20, stepMs: 40, ttlMs: 300 });
  await typed(team, 'POST', 'jobs', { type: 'data-profiling', id: again, total: 20, stepMs: 40 });
  await Promise.all([untilStep(team, late, 5), untilStep(team, again, 5)]);
  await typed(team, 'POST', `jobs/${late}/pause`);
  await typed(team, 'POST', `jobs/${again}/restart`);
  await untilStatus(team, late, 'paused');
  const gone = async () => (await team.redis.exists(keysOf(late).checkpoint)) === 0;
  await waitFor(gone, { what: 'the end of the checkpoint' });
  await typed(team, 'POST', `jobs/${late}/resume`);
  await Promise.all([untilStatus(team, late, 'completed'), untilStatus(team, again, 'completed')]);
  await typed(team, 'GET', `jobs/${late}`);
  await typed(team, 'GET', `jobs/${again}`);
  const why = [late, again].map((job) => team.evidence.began().findLast((one) => one.job === job)!);
  figures.held(
    'an expired checkpoint and a restart',
    why.map(({ from, why: told }) => `from ${from} (${told})`).join(', '),
    {
      wanted: 'from 0, and told',
      holds:
        why.every(({ from }) => from === 0) &&
        why.map(({ why: told }) => told).join() === 'checkpoint expired,restarted',
    },
  );
}
