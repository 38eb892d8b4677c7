import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print, type Terminal } from '../../kit/terminal.ts';
import { sharesOf } from './evidence.ts';
import type { Team, Type } from './team.ts';

/** The times of a night in those of an example; the files keep the real ones. */
const quickly = (hold: string) => ['--set', `hold=${hold}`, '--set', 'every=150ms', '--set', 'learn=400ms'];
const cutover = (plan: string, change: string, hold: string) => [
  ...['cutover', 'run', plan, '--yes', '--reason', change],
  ...quickly(hold),
];

/** The lines of a report that matter. */
const REPORT = /^ *(#|\d+) |^(run|plan|result|state|why|undone|took|returned|left) /;

/** What `cutover status -o json` says of a run. */
interface Status {
  run: string;
  state: string;
  step: string | null;
  rollback: { ms: number; healthyMs: number } | null;
}

const newest = async (terminal: Terminal): Promise<Status> =>
  (await terminal.look<{ items: Status[] }>(['cutover', 'list'])).items[0]!;

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
  await team.traffic({ 'sample-selection': 80, planning: 10, scoping: 10 });
  const plan = 'plan-1-sample-selection.yaml';
  await team.ops.runBriefly(['cutover', 'plan', plan], /STEP|^\d|earliest|rollback at|gives back|no return/);
  print();
  await team.ops.runBriefly(cutover(plan, 'CHG-2071', '700ms'), REPORT);
  print();
  tellShares(team, 'sample-selection');
}

/** Phase 2, medium risk. The new build of the workers of scoping is slow: both types of the phase go back, no other does. */
export async function scopingFails(team: Team, { figures }: Stage): Promise<void> {
  heading('Phase 2, medium risk: the new build is slow at scoping, and the phase goes back by itself');
  await team.traffic({ 'sample-selection': 20, planning: 60, scoping: 60 });
  await team.redis.hset('synapse:slower', 'scoping', 500);
  const plan = 'plan-2-planning-scoping.yaml';
  await team.ops.runBriefly(cutover(plan, 'CHG-2072', '800ms'), REPORT, 12);
  const back = Date.now();
  const { rollback } = await newest(team.ops);
  await waitFor(() => since(team, back, 'sample-selection').length >= 5, { what: 'jobs after the rollback' });
  const routes = await routesNow(team, ['sample-selection', 'planning', 'scoping']);
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
  figures.held('phase 2, its rollback, workers down and jobs given back', `${rollback?.ms} ms`, {
    wanted: 'under 30 s',
    holds: rollback !== null && rollback.ms < 30_000,
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
  await team.ops.runBriefly(cutover('plan-2-planning-scoping.yaml', 'CHG-2074', '400ms'), REPORT);
}

/** Phase 3, high risk, held by somebody on another host on its way. */
export async function profiling(team: Team): Promise<void> {
  heading('Phase 3, high risk: data profiling and test execution, paused from another host on its way');
  await team.traffic({
    'sample-selection': 10,
    planning: 10,
    scoping: 10,
    'data-profiling': 60,
    'test-execution': 60,
  });
  const ended = team.ops.runBriefly(cutover('plan-3-profiling-execution.yaml', 'CHG-2073', '400ms'), REPORT);
  const at = async () => (await team.redis.hget('qctl:{route:data-profiling}', 'percent')) === '25';
  await waitFor(at, { what: 'data profiling at 25 %', timeoutMs: 20_000 });
  const { run } = await newest(team.other);
  await team.other.runBriefly(['cutover', 'pause', run, '--reason', 'the warehouse is being loaded'], /./);
  await waitFor(async () => (await newest(team.other)).state === 'paused', {
    what: 'the pause',
    timeoutMs: 20_000,
  });
  await team.other.runBriefly(
    ['cutover', 'status', run],
    /^(state|why|step|waiting|waits|next|since|host)|^ *\d+ /,
  );
  await team.other.runBriefly(['cutover', 'resume', run, '--yes'], /./);
  await ended;
  print();
  await team.ops.runBriefly(['top', '--once', '--view', 'routes'], /./);
}

/** Phase 3 is taken back by hand, with long jobs in hand: they go on in the thread pool, from their checkpoints. */
export async function profilingBack(team: Team, { figures }: Stage): Promise<void> {
  heading('Phase 3 is taken back, with long jobs in hand');
  const jobs = Array.from({ length: 4 }, (_, n) => `profile-back-${n}`);
  for (const id of jobs)
    await team.call('POST', 'jobs', { type: 'data-profiling', id, total: 30, stepMs: 40 });
  await waitFor(() => jobs.every((id) => team.evidence.stepsOf(id).length >= 3), { what: 'the long jobs' });
  const { run } = await newest(team.ops);
  await team.ops.runBriefly(
    ['rollback', run, '--yes', '--reason', 'wrong totals in two profiles'],
    REPORT,
    12,
  );
  const back = Date.now();
  const { rollback } = await newest(team.ops);
  const types: Type[] = ['sample-selection', 'planning', 'scoping'];
  const enough = () => types.every((type) => since(team, back, type).length >= 3);
  await waitFor(enough, { what: 'jobs after the rollback' });
  print();
  tellRoutes(await routesNow(team, [...types, 'data-profiling', 'test-execution']));
  const others = types.flatMap((type) => since(team, back, type));
  figures.held('phase 3, its rollback by hand', `${rollback?.ms} ms`, {
    wanted: 'under 30 s',
    holds: rollback !== null && rollback.ms < 30_000,
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
