import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { say } from './control.ts';
import { REASON } from './options.ts';

interface AbortFlags {
  reason?: string;
  force?: boolean;
}

/** `qctl cutover abort RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverAbort): QctlCommand {
  const command = createCommand(entry)
    .option(...REASON)
    .option('--force', 'also past the point of no return: what can be undone is undone');
  addConnectionOptions(command, ['redis']).addHelpText(
    'after',
    '\nThe process at work breaks off its step and goes back. Where none is at work: qctl rollback RUN.',
  );
  addExamples(command, [
    ['qctl cutover abort orders-20261122-020000-4f2a --reason "errors at the vendor"', 'go back now'],
  ]);
  return command.action((name: string, flags: AbortFlags) => run(context, name, flags));
}

/** Carries it out. */
export async function runCutoverAbort(context: Context, name: string, flags: AbortFlags): Promise<void> {
  const { abortCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const host = await cutoverHost(context);
  if (!context.options.dryRun) await context.confirm(`Break ${name} off and go back?`);
  await say(context, flags, (speaker) => abortCutover(host, name, speaker, { force: flags.force }), {
    verb: 'abort',
    done: `it breaks off its step and goes back; qctl cutover status ${name} shows how far`,
  });
}
