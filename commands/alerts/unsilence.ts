import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { hushRule } from './hush.ts';
import { addAlertOptions, type StateFlags } from './plan.ts';

/** `qctl alerts unsilence RULE`. */
export function newCommand(context: Context, entry: CommandEntry, run = runUnsilence): QctlCommand {
  const command = createCommand(entry);
  addAlertOptions(command);
  addExamples(command, [['qctl alerts unsilence orders-deep', 'it is heard of again']]);
  return command.action((rule: string, flags: StateFlags) => run(context, rule, flags));
}

/** Carries it out. */
export function runUnsilence(context: Context, rule: string, flags: StateFlags): Promise<void> {
  return hushRule(context, rule, flags, { forMs: 0, reason: '' });
}
