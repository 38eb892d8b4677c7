import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import type { GivenUp } from './letters.ts';
import type { Team } from './team.ts';

/** Every event that was published was worked on once, or stands in the file of what nobody can read. */
export async function nothingLost(
  { figures }: Stage,
  { books, compose }: Team,
  { exported }: GivenUp,
): Promise<void> {
  heading('Nothing lost, nothing doubled');
  await compose('stop', 'automation');
  const published = await books.published();
  await waitFor(async () => (await books.worked()).length >= published.length - exported.length, {
    what: 'the last events worked on',
  });
  await compose('stop', 'processors');
  const worked = await books.worked();
  const times = new Map<string, number>();
  for (const { event } of worked) times.set(event, (times.get(event) ?? 0) + 1);
  const lost = published.filter((event) => !times.has(event) && !exported.includes(event));
  const doubled = [...times.values()].filter((count) => count > 1);
  const strange = worked.filter(({ event }) => !new Set(published).has(event));
  figures.held(
    'published; worked on; in the file of dead letters',
    `${published.length}; ${worked.length}; ${exported.length}`,
    {
      wanted: 'the sum',
      holds: published.length === worked.length + exported.length && strange.length === 0,
    },
  );
  figures.held('lost, doubled', `${lost.length}, ${doubled.length}`, {
    wanted: '0, 0',
    holds: lost.length + doubled.length === 0,
  });
}
