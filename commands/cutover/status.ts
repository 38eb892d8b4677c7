import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { chooseRun } from './choose-run.ts';
import { formatStatus } from './format-status.ts';

/** `qctl cutover status [RUN]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverStatus): QctlCommand {
  const command = addConnectionOptions(createCommand(entry), ['redis']);
  addExamples(command, [
    ['qctl cutover status', 'the run that is under way, else the newest'],
    ['qctl cutover status orders-20261122-020000-4f2a --watch 1s', 'look at one until Ctrl-C'],
  ]);
  return command.action((name: string | undefined) => run(context, name));
}

/** Carries it out. */
export async function runCutoverStatus(context: Context, name: string | undefined): Promise<void> {
  const { io, options } = context;
  const { cutoverHost } = await import('./host.ts');
  const status = await chooseRun(context, await cutoverHost(context), name);
  await renderResult(io, options, {
    type: 'cutover-status',
    data: status,
    table: () => formatStatus(io.stdout, status, context.now()),
  });
}
