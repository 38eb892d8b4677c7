import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { say } from './control.ts';
import { REASON } from './options.ts';

/** `qctl cutover pause RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverPause): QctlCommand {
  const command = addConnectionOptions(createCommand(entry).option(...REASON), ['redis']);
  addExamples(command, [
    [
      'qctl cutover pause orders-20261122-020000-4f2a --reason "p99 looks odd"',
      'the step in hand is finished first',
    ],
  ]);
  return command.action((name: string, flags: { reason?: string }) => run(context, name, flags));
}

/** Carries it out. */
export async function runCutoverPause(
  context: Context,
  name: string,
  flags: { reason?: string },
): Promise<void> {
  const { pauseCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const host = await cutoverHost(context);
  await say(context, flags, (speaker) => pauseCutover(host, name, speaker), {
    verb: 'pause',
    done: `it is held before its next step; qctl cutover resume ${name} lets it go on`,
  });
}
