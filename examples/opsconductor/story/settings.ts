import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

/** The team's own redis.conf lets Redis delete whole streams once its memory is full. */
export async function mendSettings({ figures }: Stage, { terminal, redis }: Team): Promise<void> {
  heading('What its own redis.conf would have done');
  const before = await terminal.runBriefly(['check', 'redis'], /./, [0, 1, 2]);
  print('$ redis-cli CONFIG SET maxmemory-policy noeviction');
  await redis.config('SET', 'maxmemory-policy', 'noeviction');
  const after = await terminal.runBriefly(['check', 'redis'], /./, [0, 1]);
  figures.held(
    'eviction policy allkeys-lru: exit code of the check before and after',
    `${before.code}, ${after.code}`,
    {
      wanted: 'above 0, 0',
      holds: before.code !== 0 && after.code === 0,
    },
  );
}
