import { resumeRun } from '../../src/drain/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { control, REASON, type ReasonFlags } from './control.ts';

/** `qctl drain resume RUN`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainResume): QctlCommand {
  const command = createCommand(entry).option(...REASON);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [['qctl drain resume alerts-20261121-090446-0171', 'let its processes go on']]);
  return command.action((name: string, flags: ReasonFlags) => run(context, name, flags));
}

/** Carries it out. */
export function runDrainResume(context: Context, name: string, flags: ReasonFlags): Promise<void> {
  return control(context, `resume run ${name}`, flags, (redis, decider) => resumeRun(redis, name, decider));
}
