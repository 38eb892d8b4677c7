import type { Stage } from '../../kit/scenario.ts';
import { heading } from '../../kit/terminal.ts';
import { STREAMS } from './names.ts';
import type { Team } from './team.ts';

/** All that there is, at one glance. */
export async function listStreams({ figures }: Stage, { terminal }: Team): Promise<void> {
  heading('The nine streams');
  const { stdout } = await terminal.runBriefly(['stream', 'ls', 'opsconductor:*:events'], /./);
  const listed = STREAMS.filter((stream) => new RegExp(`^${stream} `, 'm').test(stdout));
  const rows = stdout.trim().split('\n').length - 1;
  figures.held('streams listed', rows, { wanted: '9', holds: listed.length === 9 && rows === 9 });
}
