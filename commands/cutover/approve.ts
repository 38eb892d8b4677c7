import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { say } from './control.ts';
import { REASON } from './options.ts';

interface ApproveFlags {
  step?: string;
  reason?: string;
}

/** `qctl cutover approve RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverApprove): QctlCommand {
  const command = createCommand(entry)
    .option('--step <id>', 'the step that is approved (default: the next that asks)')
    .option(...REASON);
  addConnectionOptions(command, ['redis']).addHelpText(
    'after',
    '\nIt holds for this run and its plan alone. A step may be approved before it is reached.',
  );
  addExamples(command, [
    ['qctl cutover status orders-20261122-020000-4f2a', 'what it waits for'],
    ['qctl cutover approve orders-20261122-020000-4f2a --step approve-flip', 'let it go on'],
  ]);
  return command.action((name: string, flags: ApproveFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runCutoverApprove(context: Context, name: string, flags: ApproveFlags): Promise<void> {
  const { approveCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const host = await cutoverHost(context);
  await say(context, flags, (speaker) => approveCutover(host, name, flags.step ?? 'next', speaker), {
    verb: 'approve',
    done: `${flags.step ?? 'the next step that asks'} is approved`,
  });
}
