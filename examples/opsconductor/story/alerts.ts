import { waitFor } from '../../../test/support/wait.ts';
import type { Stage } from '../../kit/scenario.ts';
import { heading, print } from '../../kit/terminal.ts';
import type { Team } from './team.ts';

/** Messages about the dead letters, of a state. */
const about = (slack: string[], word: string) =>
  slack.filter((title) => title.includes('dead letters') && title.includes(word));

/** The rules have seen the dead letters: page and cron look at them both, and people are told once. */
export async function told({ figures }: Stage, { terminal, slack }: Team): Promise<void> {
  heading('Alert rules: dead letters are told once, though page and cron look');
  await terminal.runBriefly(['alerts', 'run', '--once'], /./);
  await waitFor(() => slack.length > 0, { what: 'a message in the channel', timeoutMs: 20_000 });
  figures.told('first message in the channel', slack[0]!);
  figures.held('messages about the dead letters, page and cron looking', about(slack, '').length, {
    wanted: '1',
    holds: about(slack, '').length === 1,
  });
}

/** Once nothing is dead any more, the channel is told of that, too. */
export async function toldOfTheEnd({ figures }: Stage, { terminal, slack }: Team): Promise<void> {
  await terminal.runBriefly(['alerts', 'run', '--once'], /./);
  await waitFor(() => about(slack, '').length > 1, { what: 'the end in the channel', timeoutMs: 20_000 });
  for (const title of slack) print(`  in the channel: ${title}`);
  figures.held('messages in all, begin and end', about(slack, '').length, {
    wanted: '2',
    holds: about(slack, '').length === 2,
  });
}
