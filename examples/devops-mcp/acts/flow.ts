import { waitFor } from '../../../test/support/wait.ts';
import type { Team, Worked } from '../team.ts';

/** Of these deliveries those that no worker has noted yet. */
export async function unfinished({ worked }: Team, deliveries: string[]): Promise<string[]> {
  const done = new Set((await worked()).map(({ delivery }) => delivery));
  return deliveries.filter((delivery) => !done.has(delivery));
}

/** Waits until all is worked on that was accepted by now; what the workers have noted until then. */
export async function workedUp(team: Team): Promise<Worked[]> {
  const all = await team.accepted();
  await waitFor(async () => (await unfinished(team, all)).length === 0, {
    what: 'the work on all that was accepted',
    timeoutMs: 60_000,
    everyMs: 100,
  });
  return team.worked();
}
