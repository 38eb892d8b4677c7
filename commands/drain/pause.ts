import { pauseRun } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { control, REASON, type ReasonFlags } from './control.ts';

/** `qctl drain pause RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainPause): QctlCommand {
  const command = createCommand(entry).option(...REASON);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    [
      'qctl drain pause alerts-20261121-090446-0171 --reason "index rebuild"',
      'hold all its processes until it is resumed',
    ],
  ]);
  return command.action((name: string, flags: ReasonFlags) => run(context, name, flags));
}

/** Carries it out. */
export function runDrainPause(context: Context, name: string, flags: ReasonFlags): Promise<void> {
  return control(context, `pause run ${name}`, flags, (redis, decider) => pauseRun(redis, name, decider));
}
