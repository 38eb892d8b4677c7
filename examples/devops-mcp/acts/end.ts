import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { waitFor } from '../../../test/support/wait.ts';
import type { Team } from '../team.ts';
import { unfinished, workedUp } from './flow.ts';

/** Ends the flow of webhooks, waits for the last one, and compares what was accepted with what was worked on. */
export async function countAll(team: Team): Promise<void> {
  const { accepted, worked, manager, stage } = team;
  for (const name of ['webhook-handler-1', 'webhook-handler-2']) {
    const argv = ['scale', `deployment/${name}`, '--replicas=0'];
    await promisify(execFile)(join(manager.binFolder, 'kubectl'), argv, { env: manager.env });
  }
  for (const name of ['webhook-handler-1', 'webhook-handler-2'])
    await waitFor(async () => (await manager.podsOf(name)).length === 0, { what: `the end of ${name}` });
  // A loss shows as a figure, not as a time-out.
  await workedUp(team).catch(() => undefined);
  const [all, lines] = [await accepted(), await worked()];
  const done = lines.flatMap(({ what, delivery }) => (what === 'worked' ? delivery : []));
  const lost = (await unfinished(team, all)).length;
  const doubled = done.length - new Set(done).size;
  const { figures } = stage;
  figures.held('webhooks accepted', all.length, { wanted: '> 500', holds: all.length > 500 });
  figures.held('lost', lost, { wanted: '0', holds: lost === 0 });
  figures.held('worked on twice', doubled, { wanted: '0', holds: doubled === 0 });
  figures.told('came twice, and were known', lines.filter(({ what }) => what === 'known').length);
}
