import { cpus } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type LoadResult, readResults } from '../../../src/load/index.ts';
import { whileInvalid } from '../../../test/load/running.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

const RUN = ['load', 'run', 'load.yaml', '--save', 'load.json'];
const SHOWN =
  /^(LATENCY|end to end +planned|processing|confirmed +[\d,]+\/s|correctness|memory|limit|ok|failed +\w+ [<>=]|passed|invalid)/;

/** The profile of ten groups with fifty consumers each; its figures are those of the file with the result. */
export async function load(stage: Stage, { terminal }: Team): Promise<void> {
  heading('The load of the platform at its limits');
  await whileInvalid(
    async () => {
      await untilRoom();
      return terminal.runBriefly(RUN, SHOWN, [0, 1, 99]);
    },
    ({ code }) => {
      if (code !== 0) print('\nSomething else kept this machine busy: once more.\n');
      return code !== 0;
    },
  );
  const [result] = await readResults(join(stage.folder, 'load.json'));
  note(stage, result!);
}

/** Generator and Redis share the machine and need about a core: other work on it is let end first, for a while. */
async function untilRoom(): Promise<void> {
  for (let looks = 0; looks < 20; looks += 1) {
    const before = idleMs();
    await sleep(500);
    if (idleMs() - before > 500) return;
  }
}

/** Of all cores together, since the machine was started. */
function idleMs(): number {
  return cpus().reduce((sum, { times }) => sum + times.idle, 0);
}

function note({ figures }: Stage, { verdict, rates, latency, counts, backend, target }: LoadResult): void {
  const [rate, mean] = [rates.reached ?? 0, latency.endToEnd?.mean ?? Infinity];
  const megabytes = (backend.memoryGrowthBytes ?? Infinity) / 1e6;
  figures.held('load: the result', verdict, { wanted: 'passed', holds: verdict === 'passed' });
  figures.held('load: messages a second', rate.toFixed(0), { wanted: '1,000 or more', holds: rate >= 1000 });
  figures.held('load: mean from produced to processed', `${mean.toFixed(2)} ms`, {
    wanted: 'under 10 ms',
    holds: mean < 10,
  });
  figures.told('load: mean from delivered to acknowledged', `${latency.processing?.mean.toFixed(2)} ms`);
  figures.held(
    `load: memory for ${counts.confirmed} messages in ${target.groups} groups`,
    `${megabytes.toFixed(1)} MB`,
    {
      wanted: 'under 100 MB',
      holds: counts.confirmed >= 10_000 && megabytes < 100,
    },
  );
  const due = counts.confirmed * target.groups;
  figures.held(
    'load: processed by ten groups of fifty; lost, doubled',
    `${counts.processed}; ${counts.lost}, ${counts.doubled}`,
    {
      wanted: `${due}; 0, 0`,
      holds: target.groups === 10 && counts.processed === due && counts.lost === 0 && counts.doubled === 0,
    },
  );
}
