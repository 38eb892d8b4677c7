import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

const SHOWN =
  /^(wanted|processed|left behind|correctness|redelivery|limit|ok|failed|passed|invalid)\b|kill 1/;

/**
 * Does the Redis of the jobs carry an evening, with a worker that dies? A machine that is too busy to keep the rate says
 * little of times (exit code 1), and as much as ever of what was lost.
 */
export async function evening(team: Team, { figures }: Stage): Promise<void> {
  heading('Before anything is moved: the load of an evening, with a worker that dies');
  await team.ops.runBriefly(['config', 'validate'], /./);
  const { stdout } = await team.ops.runBriefly(['load', 'run', 'load.yaml'], SHOWN, [0, 1]);
  const counts = /^correctness +(\d+) lost/m.exec(stdout)?.[1];
  const behind = /^left behind +(\d+)/m.exec(stdout)?.[1];
  figures.held('load of an evening, messages lost, left behind', `${counts}, ${behind}`, {
    wanted: '0, 0',
    holds: counts === '0' && behind === '0',
  });
}
