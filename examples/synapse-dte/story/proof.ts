import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import { type Began, type Evidence, sharesOf, sideByRule } from './evidence.ts';
import type { Team } from './team.ts';

/** Ends the traffic, waits for the last job, and compares what there is in the database with what was submitted. */
export async function prove(team: Team, { figures }: Stage): Promise<void> {
  heading('The end: no more traffic, and every job that there ever was');
  await team.traffic({});
  await untilAllEnded(team);
  const jobs = new Map(team.evidence.jobs().map((job) => [job.job, job]));
  const results = await team.query<{ job_id: string }>('SELECT job_id FROM results');
  const reports = await team.query<{ job_id: string; items: number }>('SELECT job_id, items FROM reports');
  const failed = await team.query('SELECT 1 FROM failures');
  const items = new Map(reports.map((report) => [report.job_id, report.items]));
  const ended = new Set(results.map(({ job_id }) => job_id));
  const lost = [...jobs.keys()].filter((job) => !ended.has(job));
  const wrong = [...jobs.values()].filter(({ job, total }) => items.get(job) !== total);
  print(`${jobs.size} jobs, ${results.length} results, ${failed.length} failures`);
  const rate = (100 * (jobs.size - lost.length)) / jobs.size;
  figures.held('jobs completed', `${rate}% of ${jobs.size}`, { wanted: 'over 99.9%', holds: rate > 99.9 });
  figures.held('jobs that failed', failed.length, { wanted: '0', holds: failed.length === 0 });
  figures.held('jobs lost', lost.length, { wanted: '0', holds: lost.length === 0 });
  figures.held('effects missing or doubled', wrong.length, {
    wanted: '0',
    holds: wrong.length === 0 && items.size === jobs.size,
  });
  routing(team.evidence, figures);
  checkpoints(team.evidence, figures);
}

/** Waits for the last job; where some come to no end, it says which. */
async function untilAllEnded({ query, evidence }: Team): Promise<void> {
  const jobs = evidence.jobs().map(({ job }) => job);
  const open = 'SELECT id FROM unnest($1::text[]) id WHERE id NOT IN (SELECT job_id FROM results)';
  let left: { id: string }[] = [];
  const none = async () => {
    left = await query<{ id: string }>(open, [jobs]);
    return left.length === 0;
  };
  await waitFor(none, { what: 'the end of the last job', timeoutMs: 30_000, everyMs: 200 }).catch(
    (error: Error) => {
      const names = left.slice(0, 10).map(({ id }) => id);
      throw new Error(
        `${left.length} jobs have come to no end, such as ${names.join(', ')}: ${error.message}`,
      );
    },
  );
}

/** Each job went where the documented rule sends it, and the shares are what they should be. */
function routing(evidence: Evidence, figures: Stage['figures']): void {
  const submitted = evidence.submitted();
  const astray = submitted.filter(({ type, key, percent, side }) => side !== sideByRule(type, key, percent));
  figures.held('jobs on another side than the rule says', astray.length, {
    wanted: '0',
    holds: astray.length === 0,
  });
  const shares = sharesOf(submitted).filter(({ percent }) => percent > 0);
  for (const { percent, jobs, new: took } of shares) {
    const seen = (100 * took) / jobs;
    figures.held(`share of the new side at ${percent} %`, `${seen.toFixed(1)} % of ${jobs} jobs`, {
      wanted: 'within 5 points',
      holds: Math.abs(seen - percent) < 5,
    });
  }
  const stages = shares.map(({ percent }) => percent).join(', ');
  figures.held('stages seen in the traffic', stages, {
    wanted: '10, 25, 50, 100',
    holds: stages === '10, 25, 50, 100',
  });
}

/** Who took over a job that was begun went on where it stood; only what was ordered, or expired, began anew. */
function checkpoints(evidence: Evidence, figures: Stage['figures']): void {
  const seen = new Map<string, Set<number>>();
  const taken: { begin: Began; done: number }[] = [];
  let twice = 0;
  for (const line of [...evidence.began(), ...evidence.steps()].sort((a, b) => a.at - b.at)) {
    const done = seen.get(line.job) ?? new Set();
    seen.set(line.job, done);
    if (line.event === 'began') {
      if (line.why === 'restarted' || line.why === 'checkpoint expired') done.clear();
      else if (done.size > 0) taken.push({ begin: line, done: done.size });
    } else if (done.has(line.step)) twice += 1;
    else done.add(line.step);
  }
  const good = taken.filter(({ begin, done }) => begin.from >= done - 1);
  figures.held('jobs taken over that went on where they stood', `${good.length} of ${taken.length}`, {
    wanted: 'all, and some',
    holds: taken.length > 0 && good.length === taken.length,
  });
  figures.held('steps carried out twice, by all of them', twice, {
    wanted: 'at most one for each',
    holds: twice <= taken.length,
  });
}
