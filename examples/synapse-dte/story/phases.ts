import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print, type Terminal } from '../../kit/terminal.ts';
import { sharesOf } from './evidence.ts';
import { untilStep } from './jobs.ts';
import { type Team, TYPES, type Type } from './team.ts';

/** Some of each type, all the time. */
const rates = (each: number) => Object.fromEntries(TYPES.map((type) => [type, each]));

/** The times of a night in those of an example; the files keep the real ones. */
const quickly = { every: '150ms', learn: '400ms' };

/** The lines of a report that matter. */
const REPORT = /^ *(#|\d+) |^(run|plan|result|state|why|undone|took|returned|left) /;

/** What `cutover status -o json` says of a run. */
interface Status {
  run: string;
  state: string;
  steps: { id: string; state: string }[];
  rollback: { ms: number; healthyMs: number } | null;
}

const newest = async (terminal: Terminal): Promise<Status> =>
  (await terminal.look<{ items: Status[] }>(['cutover', 'list'])).items[0]!;

/** The share of each route, as any other program reads it: a route that was taken away has none. */
async function routesNow({ redis }: Team, types: Type[]): Promise<Record<string, string | null>> {
  const read = async (type: Type) => [type, await redis.hget(`qctl:{route:${type}}`, 'percent')] as const;
  return Object.fromEntries(await Promise.all(types.map(read)));
}

type Wanted = (status: Status) => boolean;
const completed: Wanted = ({ state }) => state === 'completed';
const rolledBack: Wanted = ({ state }) => state === 'rolledBack';
const atApproval: Wanted = ({ steps }) => steps.some(({ id, state }) => id === 'go' && state !== 'pending');

/**
 * Carries a plan out until it stands as is wanted. A share in which no job came through, on a busy machine, holds the run,
 * since no data is never a pass: it is resumed then, as an operator would.
 */
async function carryOut(
  { ops }: Team,
  asked: { plan: string; change: string; times: Record<string, string>; until?: Wanted },
): Promise<void> {
  const { plan, change, times, until = completed } = asked;
  const set = Object.entries({ ...times, ...quickly }).flatMap(([name, value]) => [
    '--set',
    `${name}=${value}`,
  ]);
  const args = ['cutover', 'run', plan, '--yes', '--no-wait', '--reason', change, ...set];
  await ops.runBriefly(args, REPORT, [0, 11, 12]);
  const status = await newest(ops);
  if (!until(status)) await resumed(ops, status.run, until);
}

/** Takes a run up until it stands as is wanted. */
async function resumed(terminal: Terminal, run: string, until: Wanted): Promise<void> {
  for (let tries = 0; tries < 5; tries += 1) {
    const { code } = await terminal.runBriefly(
      ['cutover', 'resume', run, '--yes', '--no-wait'],
      REPORT,
      [0, 11, 12],
    );
    if (until(await newest(terminal))) return;
    if (code !== 11) break;
  }
  throw new Error(`${run} has come to another end`);
}

function tellShares({ evidence }: Team, type: Type): void {
  const shares = sharesOf(evidence.submitted().filter((job) => job.type === type));
  for (const { percent, jobs, new: took } of shares)
    print(`${type} at ${percent} %: ${took} of ${jobs} jobs went to the new side`);
}

/** Phase 1, low risk. */
export async function sampleSelection(team: Team): Promise<void> {
  heading('Phase 1, low risk: sample selection, in shares of 10, 25, 50 and 100 %');
  await team.traffic({ ...rates(5), 'sample-selection': 60 });
  const plan = 'plan-1-sample-selection.yaml';
  await team.ops.runBriefly(['cutover', 'plan', plan], /STEP|^\d|earliest|rollback at|gives back|no return/);
  print();
  await carryOut(team, { plan, change: 'CHG-2071', times: { hold: '700ms' } });
  print();
  tellShares(team, 'sample-selection');
}

/** Phase 2, medium risk. The new build of the workers of scoping is slow: both types of the phase go back, no other does. */
export async function scopingFails(team: Team, { figures }: Stage): Promise<void> {
  heading('Phase 2, medium risk: the new build is slow at scoping, and the phase goes back by itself');
  await team.traffic({ ...rates(5), planning: 60, scoping: 60 });
  await team.redis.hset('synapse:slower', 'scoping', 1000);
  const plan = 'plan-2-planning-scoping.yaml';
  await carryOut(team, {
    plan,
    change: 'CHG-2072',
    times: { hold: '600ms', holdScoping: '4s' },
    until: rolledBack,
  });
  const back = Date.now();
  const { rollback } = await newest(team.ops);
  await waitFor(() => since(team, back, 'sample-selection').length >= 5, {
    what: 'jobs after the rollback',
    timeoutMs: 30_000,
    everyMs: 100,
  });
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
  await carryOut(team, {
    plan: 'plan-2-planning-scoping.yaml',
    change: 'CHG-2074',
    times: { hold: '400ms', holdScoping: '400ms' },
  });
}

/** Phase 3, high risk: in its middle it wants a yes, which comes from another host, where it is carried on. */
export async function profiling(team: Team): Promise<void> {
  heading('Phase 3, high risk: approved in its middle, and carried on, from another host');
  await team.traffic({ ...rates(5), 'data-profiling': 60, 'test-execution': 60 });
  const plan = 'plan-3-profiling-execution.yaml';
  await carryOut(team, { plan, change: 'CHG-2073', times: { hold: '500ms' }, until: atApproval });
  const { run } = await newest(team.other);
  await team.other.runBriefly(
    ['cutover', 'status', run],
    /^(state|waiting|next|at work)|^ *\d+ +(data|go|test)/,
  );
  await team.other.runBriefly(['cutover', 'approve', run], /./);
  await resumed(team.other, run, completed);
  print();
  await team.ops.runBriefly(['top', '--once', '--view', 'routes'], /./);
}

/** Phase 3 is taken back by hand, with long jobs in hand: they go on in the thread pool, from their checkpoints. */
export async function profilingBack(team: Team, { figures }: Stage): Promise<void> {
  heading('Phase 3 is taken back, with long jobs in hand');
  const jobs = Array.from({ length: 4 }, (_, n) => `profile-back-${n}`);
  for (const id of jobs)
    await team.call('POST', 'jobs', { type: 'data-profiling', id, total: 60, stepMs: 40 });
  for (const id of jobs) await untilStep(team, id, 3);
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
  await waitFor(enough, { what: 'jobs after the rollback', timeoutMs: 30_000, everyMs: 100 });
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
  for (const { job, from } of taken) print(`${job}: the thread pool went on at step ${from} of 60`);
  figures.held(
    'long jobs that the thread pool took over at their checkpoint',
    `${taken.filter(({ from }) => from > 0).length} of ${jobs.length}`,
    {
      wanted: 'all',
      holds: taken.length === jobs.length && taken.every(({ from }) => from > 0),
    },
  );
}
