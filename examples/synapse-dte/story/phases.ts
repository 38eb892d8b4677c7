import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { AT_APPROVAL, COMPLETED, carryOut, REPORT, ROLLED_BACK, resumed, standOf } from './carry-out.ts';
import { sharesOf } from './evidence.ts';
import { untilStep } from './jobs.ts';
import { type Team, TYPES, type Type } from './team.ts';

/** Some of each type, all the time. */
const rates = (calm: number, busy = calm) => Object.fromEntries(TYPES.map((type) => [type, { calm, busy }]));

/** The share of each route, as any other program reads it: a route that was taken away has none. */
async function routesNow({ redis }: Team, types: Type[]): Promise<Record<string, string | null>> {
  const read = async (type: Type) => [type, await redis.hget(`qctl:{route:${type}}`, 'percent')] as const;
  return Object.fromEntries(await Promise.all(types.map(read)));
}

function tellShares({ evidence }: Team, type: Type): void {
  const shares = sharesOf(evidence.submitted().filter((job) => job.type === type));
  for (const { percent, jobs, new: took } of shares)
    print(`${type} at ${percent} %: ${took} of ${jobs} jobs went to the new side`);
}

/** Phase 1, low risk. */
export async function sampleSelection(team: Team): Promise<void> {
  heading('Phase 1, low risk: sample selection, in shares of 10, 25, 50 and 100 %');
  await team.traffic({ ...rates(3, 60), 'sample-selection': { calm: 10, busy: 45 } });
  // The old side is what the new one is compared with.
  await waitFor(() => team.evidence.steps().some(({ job }) => job.startsWith('sample-selection')), {
    what: 'jobs in the thread pool',
    timeoutMs: 30_000,
    everyMs: 100,
  });
  const plan = 'plan-1-sample-selection.yaml';
  await team.ops.runBriefly(['cutover', 'plan', plan], /STEP|^\d|earliest|rollback at|gives back|no return/);
  print();
  await carryOut(team, { plan, change: 'CHG-2071', times: { hold: '500ms' } });
  print();
  tellShares(team, 'sample-selection');
}

/** Phase 2, medium risk. The new build of the workers of scoping is slow: both types of the phase go back, no other does. */
export async function scopingFails(team: Team, { figures }: Stage): Promise<void> {
  heading('Phase 2, medium risk: the new build is slow at scoping, and the phase goes back by itself');
  await team.traffic(rates(3, 60));
  await team.redis.hset('synapse:slower', 'scoping', 1000);
  const plan = 'plan-2-planning-scoping.yaml';
  const { backMs } = await carryOut(team, {
    plan,
    change: 'CHG-2072',
    times: { hold: '400ms', holdScoping: '4s' },
    until: ROLLED_BACK,
  });
  const back = Date.now();
  const types: Type[] = ['sample-selection', 'planning', 'scoping'];
  await waitFor(() => types.every((type) => since(team, back, type).length >= 4), {
    what: 'jobs after the rollback',
    timeoutMs: 30_000,
    everyMs: 100,
  });
  const routes = await routesNow(team, types);
  print();
  tellRoutes(routes);
  const first = team.evidence
    .began()
    .find(({ job, side }) => side === 'new' && job.startsWith('scoping'))!.at;
  const last = team.evidence
    .submitted()
    .findLast(({ type, side }) => type === 'scoping' && side === 'new')!.at;
  figures.held(
    'phase 2, from the first job of the slow build to the last one sent to it',
    `${last - first} ms`,
    {
      wanted: 'under 30 s',
      holds: last - first < 30_000,
    },
  );
  figures.held('phase 2, its rollback, workers down and jobs given back', `${backMs} ms`, {
    wanted: 'under 30 s',
    holds: backMs < 30_000,
  });
  figures.held(
    'phase 2 back, jobs of phase 1 since that went to the new side',
    share(since(team, back, 'sample-selection')),
    {
      wanted: 'all',
      holds: since(team, back, 'sample-selection').every(({ side }) => side === 'new'),
    },
  );
  figures.held(
    'phase 2 back, jobs of phase 2 since that went to the new side',
    share([...since(team, back, 'planning'), ...since(team, back, 'scoping')]),
    {
      wanted: 'none',
      holds: [...since(team, back, 'planning'), ...since(team, back, 'scoping')].every(
        ({ side }) => side === 'old',
      ),
    },
  );
}

function tellRoutes(routes: Record<string, string | null>): void {
  print(
    `routes: ${Object.entries(routes)
      .map(([type, percent]) => `${type} ${percent ?? 0} %`)
      .join(', ')}`,
  );
}

const since = ({ evidence }: Team, at: number, type: Type) =>
  evidence.submitted().filter((job) => job.at > at && job.type === type);

const share = (jobs: { side: string }[]) =>
  `${jobs.filter(({ side }) => side === 'new').length} of ${jobs.length}`;

/** The build is mended. */
export async function scopingAgain(team: Team): Promise<void> {
  heading('Phase 2 again, with the build mended');
  await team.redis.del('synapse:slower');
  await carryOut(team, {
    plan: 'plan-2-planning-scoping.yaml',
    change: 'CHG-2074',
    times: { hold: '300ms', holdScoping: '300ms' },
  });
}

/** Phase 3, high risk: in its middle it wants a yes, which comes from another host, where it is carried on. Returns the run. */
export async function profiling(team: Team): Promise<string> {
  heading('Phase 3, high risk: approved in its middle, and carried on, from another host');
  const plan = 'plan-3-profiling-execution.yaml';
  const { run } = await carryOut(team, {
    plan,
    change: 'CHG-2073',
    times: { hold: '500ms' },
    until: AT_APPROVAL,
  });
  await team.other.runBriefly(['cutover', 'approve', run], /./);
  await resumed(team.other, run, COMPLETED, /^ *\d+ +(go|test)|^(result|why) /);
  return run;
}

/** Phase 3 is taken back by hand, with long jobs in hand: they go on in the thread pool, from their checkpoints. */
export async function profilingBack(team: Team, { figures }: Stage, run: string): Promise<void> {
  heading('Phase 3 is taken back, with long jobs in hand');
  // Its workers are slow by now, which is why it is taken back.
  await team.redis.hset('synapse:slower', 'data-profiling', 500);
  const jobs = Array.from({ length: 4 }, (_, n) => `profile-back-${n}`);
  for (const id of jobs)
    await team.call('POST', 'jobs', { type: 'data-profiling', id, total: 30, stepMs: 40 });
  for (const id of jobs) await untilStep(team, id, 1);
  const argv = ['rollback', run, '--yes', '--reason', 'profiles take ten times as long'];
  const { backMs } = standOf(await team.ops.runBriefly(argv, REPORT, 12));
  const back = Date.now();
  const types: Type[] = ['sample-selection', 'planning', 'scoping'];
  const enough = () => types.every((type) => since(team, back, type).length >= 3);
  await waitFor(enough, { what: 'jobs after the rollback', timeoutMs: 30_000, everyMs: 100 });
  print();
  tellRoutes(await routesNow(team, [...types, 'data-profiling', 'test-execution']));
  const others = types.flatMap((type) => since(team, back, type));
  figures.held('phase 3, its rollback by hand', `${backMs} ms`, {
    wanted: 'under 30 s',
    holds: backMs < 30_000,
  });
  figures.held('phase 3 back, jobs of phases 1 and 2 since that went to the new side', share(others), {
    wanted: 'all',
    holds: others.every(({ side }) => side === 'new'),
  });
  const onNew = ['data-profiling', 'test-execution'].flatMap((type) => since(team, back, type as Type));
  figures.held('phase 3 back, jobs of phase 3 since that went to the new side', share(onNew), {
    wanted: 'none',
    holds: onNew.every(({ side }) => side === 'old'),
  });
  const ended = async () =>
    (await team.query('SELECT 1 FROM results WHERE job_id = ANY($1)', [jobs])).length === jobs.length;
  await waitFor(ended, { what: 'the end of the long jobs in the thread pool', timeoutMs: 20_000 });
  const taken = team.evidence.began().filter(({ job, side }) => side === 'old' && jobs.includes(job));
  for (const { job, from } of taken) print(`${job}: the thread pool went on at step ${from} of 30`);
  figures.held(
    'long jobs that the thread pool took over at their checkpoint',
    `${taken.filter(({ from }) => from > 0).length} of ${jobs.length}`,
    {
      wanted: 'all',
      holds: taken.length === jobs.length && taken.every(({ from }) => from > 0),
    },
  );
}
