import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import type { Change } from './change.ts';
import { addCreateOption, addSteerOptions, parseSpan, type SteerFlags } from './options.ts';
import { overrideText, stateText } from './standing-text.ts';
import { declaredOnCreation, steer } from './steer.ts';

interface TripFlags extends SteerFlags {
  for?: number;
}

/** `qctl breaker trip NAME… --reason TEXT`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerTrip): QctlCommand {
  const command = createCommand(entry)
    .option(
      '--for <duration>',
      'open time (default: that of its settings); a probe goes through after it',
      parseSpan,
    )
    .addHelpText(
      'after',
      '\nIt recovers by itself, through probes, as if it had opened by itself. To keep it open: hold open.',
    );
  addCreateOption(addSteerOptions(command, 'needed'));
  addExamples(command, [
    ['qctl breaker trip wazuh-api --for 10m --reason "429 from the vendor"', 'let the dependency rest'],
    ["qctl breaker trip 'llm-*' --reason rehearsal --dry-run", 'what would be opened'],
  ]);
  return command.action((names: string[], flags: TripFlags) => run(context, names, flags));
}

/** Carries it out. */
export function runBreakerTrip(context: Context, names: string[], flags: TripFlags): Promise<void> {
  return steer(context, {
    names,
    doing: 'trip breakers',
    reason: flags.reason,
    create: flags.create ?? false,
    operationFor: (target) => ({ verb: 'trip', forMs: flags.for, declared: declaredOnCreation(target) }),
    rowsOf: ({ name, prior, next }) => [
      { name, what: 'state', before: stateText(prior), now: stateText(next) },
    ],
    notesOf: overruled,
  });
}

/** An override stands above: the calls go on as it says. */
function overruled({ name, next: { override } }: Change): string[] {
  if (!override || override.mode === 'open') return [];
  return [
    `the override stays in force and no call is rejected: ${overrideText(override)}; 'qctl breaker release ${name}' ends it`,
  ];
}
