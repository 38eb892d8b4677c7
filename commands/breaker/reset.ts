import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import type { Change } from './change.ts';
import { addSteerOptions, type SteerFlags } from './options.ts';
import { overrideText, stateText } from './standing-text.ts';
import { declaredOnCreation, steer } from './steer.ts';

/** `qctl breaker reset NAME…`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerReset): QctlCommand {
  const command = addSteerOptions(createCommand(entry), 'optional');
  addExamples(command, [
    ['qctl breaker reset wazuh-api --reason "the vendor is back"', 'do not wait for the open time to end'],
  ]);
  return command.action((names: string[], flags: SteerFlags) => run(context, names, flags));
}

/** Carries it out. */
export function runBreakerReset(context: Context, names: string[], flags: SteerFlags): Promise<void> {
  return steer(context, {
    names,
    doing: 'reset breakers',
    reason: flags.reason,
    operationFor: (target) => ({ verb: 'reset', declared: declaredOnCreation(target) }),
    rowsOf: ({ name, prior, next }) => [
      { name, what: 'state', before: stateText(prior), now: stateText(next) },
    ],
    notesOf: overruled,
  });
}

function overruled({ name, next: { override } }: Change): string[] {
  if (!override) return [];
  return [`the override stays in force: ${overrideText(override)}; 'qctl breaker release ${name}' ends it`];
}
