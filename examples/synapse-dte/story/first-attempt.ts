import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { Broker } from '../app/kombu.mjs';
import type { Team } from './team.ts';

const TASKS = 200;
/** Of them: what a worker had fetched when it was killed. */
const FETCHED = 6;
const DRAIN = ['drain', 'celery', 'first-attempt', '--settle', '500ms', '--yes'];
const LOOK =
  /^(Source|queue|ready|unacked|workers|groups|PLACE| +\d+ {2}synapse|Not carried|- |note UNACKED| {2}\d+ messages of)/;
const REPORT = /^(run|source|read|appended|duplicates|settled|remaining|converged|not converged)/;

/** What the first attempt with Celery has left in its broker comes to the same workers. */
export async function firstAttempt(team: Team, { figures, onEnd }: Stage): Promise<void> {
  heading('What the first attempt with Celery has left: kombu lists, drained as a source');
  const broker = new Broker(team.brokerUrl);
  onEnd(async () => broker.close());
  const jobs = Array.from({ length: TASKS }, (_, n) => ({
    ...JOB,
    id: `celery-${n}`,
    submittedAt: Date.now(),
  }));
  team.evidence.bring(jobs.map(({ id: job, total }) => ({ job, total })));
  const tags = await broker.send('synapse.tasks.sample_selection.intelligent_sampling', jobs);
  await broker.fetchAndDie(FETCHED);
  await team.ops.runBriefly(['analyse', '--source', 'first-attempt', '--by', 'type'], LOOK, [0, 3]);
  print();
  await team.ops.runBriefly(DRAIN, REPORT, 8);
  print(
    '\n$ celery -A synapse worker -Q none          # gives back what the dead worker had in hand, and takes nothing\n',
  );
  await broker.restore();
  await team.ops.runBriefly(DRAIN, REPORT);
  const entries = await team.redis.xrange('jobs:sample-selection', '-', '+');
  const found = entries.map(([, fields]) => fields[fields.indexOf('id') + 1]!);
  const once = tags.filter((tag) => found.filter((id) => id === tag).length === 1);
  const left = await broker.left();
  figures.held(
    'tasks of Celery, in the stream',
    `${once.length} of ${TASKS} exactly once, ${left} left in the broker`,
    {
      wanted: 'all, and none left',
      holds: once.length === TASKS && left === 0,
    },
  );
}

const JOB = { type: 'sample-selection', report: 'report-1', total: 2, stepMs: 2, ttlMs: 86_400_000 };
