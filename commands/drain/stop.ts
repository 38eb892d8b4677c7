import { stopRun } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { control, REASON, type ReasonFlags } from './control.ts';

/** `qctl drain stop RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainStop): QctlCommand {
  const command = createCommand(entry).option(...REASON);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    [
      'qctl drain stop alerts-20261121-090446-0171',
      'end all its processes, as Ctrl-C would; the same drain command continues the run',
    ],
  ]);
  return command.action((name: string, flags: ReasonFlags) => run(context, name, flags));
}

/** Carries it out. */
export function runDrainStop(context: Context, name: string, flags: ReasonFlags): Promise<void> {
  return control(context, `stop run ${name}`, flags, (redis, decider) => stopRun(redis, name, decider));
}
