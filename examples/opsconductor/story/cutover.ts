import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import { SHARED, streamOf } from './names.ts';
import type { Team } from './team.ts';

/** The automation service gets a stream of its own while it publishes. */
export async function ownStream({ figures, folder }: Stage, team: Team): Promise<void> {
  const { terminal, books, services, redis } = team;
  heading('The automation service leaves the shared stream');
  await waitFor(async () => (await books.worked()).length >= 20, { what: 'events on the shared stream' });
  await terminal.runBriefly(['cutover', 'run', 'plan.yaml', '--set', 'watch=1s', '--yes'], /./);
  const worked = await books.worked();
  const from = (stream: string) => worked.filter((one) => one.stream === stream).length;
  figures.told(
    'events worked on from the shared stream, from its own',
    `${from(SHARED)}, ${from(streamOf('automation'))}`,
  );
  const [pending] = await redis.xpending(SHARED, 'processors');
  const setting = await readFile(join(folder, 'automation.env'), 'utf8');
  const over =
    Number(pending) === 0 &&
    from(SHARED) === (await redis.xlen(SHARED)) &&
    setting.includes(`STREAM=${streamOf('automation')}`) &&
    (await services.containersOf('shared-processors')).length === 0;
  figures.held('left on the shared stream after the cutover', (await redis.xlen(SHARED)) - from(SHARED), {
    wanted: '0, its processors stopped, the setting changed',
    holds: over,
  });
}
