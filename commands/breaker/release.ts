import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { addSteerOptions, type SteerFlags } from './options.ts';
import { overrideText, stateText } from './standing-text.ts';
import { steer } from './steer.ts';

/** `qctl breaker release NAME…`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerRelease): QctlCommand {
  const command = addSteerOptions(createCommand(entry), 'optional');
  addExamples(command, [
    ['qctl breaker release wazuh-api', 'what the breaker has counted decides again'],
    ["qctl breaker release '*'", 'all overrides there are'],
  ]);
  return command.action((names: string[], flags: SteerFlags) => run(context, names, flags));
}

/** Carries it out. */
export function runBreakerRelease(context: Context, names: string[], flags: SteerFlags): Promise<void> {
  return steer(context, {
    names,
    doing: 'release breakers',
    reason: flags.reason,
    operationFor: ({ view }) => (view.override || view.lapsed ? { verb: 'release' } : undefined),
    rowsOf: ({ name, prior, next }) => [
      { name, what: 'override', before: overrideText(prior.override), now: overrideText(next.override) },
    ],
    // Of a pattern only what had an override is of interest.
    shows: ({ name, prior, next }) => names.includes(name) || prior.seq !== next.seq,
    notesOf: ({ prior, next }) => [
      ...(prior.override ? [] : ['there is no override to release']),
      ...(prior.override && next.state !== 'closed' ? [`now its own state counts: ${stateText(next)}`] : []),
    ],
  });
}
