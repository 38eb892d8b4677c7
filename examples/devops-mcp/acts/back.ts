import { waitFor } from '../../../test/support/wait.ts';
import { heading, print } from '../../kit/terminal.ts';
import { approve, endOf } from '../runs.ts';
import type { Team } from '../team.ts';
import { unfinished, workedUp } from './flow.ts';
import { beginPlan, seconds } from './night.ts';

/** Back to SQS after the cutover was complete, with webhooks waiting in the stream. */
export async function goBack(team: Team, run: string): Promise<void> {
  heading('Back to SQS, after it was complete');
  const { terminal, stage } = team;
  await workedUp(team);
  await team.spoil({ redisMs: 500 });
  const waiting = await waitFor(() => waitingOnes(team, 25), {
    what: 'a backlog',
    timeoutMs: 60_000,
    everyMs: 100,
  });
  print(`a library is slow: ${waiting} webhooks wait in the stream\n`);
  const began = performance.now();
  const args = ['rollback', run, '--yes', '--reason', 'the new workers are too slow'];
  const { stdout } = await terminal.runBriefly(args, /undone|given back|^(took|result|old side)/, 12);
  const took = performance.now() - began;
  await team.spoil({});
  const [, given, back] = /(\d+) messages? of \S+ given back to webhooks, run (\S+)/.exec(stdout)!;
  await terminal.runBriefly(['verify', back!], /^(returned|acknowledged|cannot|converged)/);
  const fromStream = await workedByTheOldSide(team);
  const { figures } = stage;
  figures.held('rollback of the complete cutover', seconds(took), {
    wanted: '< 15m, the budget of the plan',
    holds: took < 15 * 60_000,
  });
  figures.held('given back to SQS and worked on there', `${fromStream} of ${given}`, {
    wanted: 'all, at least one',
    holds: fromStream === Number(given) && fromStream > 0,
  });
}

/** Forward again, with the same plan. Returns the drain of its backlog. */
export async function forwardAgain(team: Team): Promise<void> {
  heading('Forward again');
  const running = await beginPlan(team);
  await approve(team, running, 'approve-rest');
  await endOf(running, 0);
}

/** How many wait, once these are so many. */
async function waitingOnes(team: Team, wanted: number): Promise<number | undefined> {
  const { length } = await unfinished(team, await team.accepted());
  return length >= wanted ? length : undefined;
}

/** Of what came by the stream, how much the workers of the queue have worked on once they have worked up. */
async function workedByTheOldSide(team: Team): Promise<number> {
  const byStream = new Set(await team.accepted('redis'));
  const lines = await workedUp(team);
  return lines.filter(({ side, delivery }) => side === 'sqs' && byStream.has(delivery)).length;
}
