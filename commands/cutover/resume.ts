import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { say } from './control.ts';
import { addPlanConnections } from './options.ts';
import { addWorkOptions, type RunFlags, takeUp } from './run.ts';
import { useKeptProfile } from './run-profile.ts';

/** `qctl cutover resume RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverResume): QctlCommand {
  const command = addWorkOptions(createCommand(entry)).option(
    '--lock-wait <duration>',
    'wait so long for the lock of the plan',
    parseDuration,
  );
  addPlanConnections(command).addHelpText(
    'after',
    '\nWhere a process is at work it lifts the pause, and that process goes on. Where none is, it takes the run up here.',
  );
  addExamples(command, [
    ['qctl cutover resume orders-20261122-020000-4f2a', 'after a pause, or where its process was killed'],
    [
      'qctl cutover resume orders-20261122-020000-4f2a --assume done',
      'and the step in hand was done, as you have seen',
    ],
  ]);
  return command.action((name: string, flags: RunFlags) => run(context, name, flags));
}

/** Carries it out. Returns the exit code. */
export async function runCutoverResume(context: Context, name: string, flags: RunFlags): Promise<number> {
  const { findRun, unpauseCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  await useKeptProfile(context, name);
  const host = await cutoverHost(context);
  // Where Redis has lost it, its journal on this host may know it.
  const status = (await findRun(host, name))?.status;
  if (!status?.alive) {
    if (status && !context.options.quiet)
      context.io.stderr.write(`nobody is at work on ${name}: it is taken up here\n`);
    return takeUp(context, name, undefined, flags);
  }
  const where = `pid ${status.pid} on ${status.host}`;
  const { assume } = flags;
  const said = assume ? `, and takes the step that failed to be ${assume}` : '';
  await say(context, flags, (speaker) => unpauseCutover(host, name, speaker, assume), {
    verb: 'resume',
    done: `the pause is lifted; ${where} goes on with ${name}${said}`,
  });
  return 0;
}
