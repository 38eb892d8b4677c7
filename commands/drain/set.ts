import { setRun, TUNABLE_VALUES } from '../../src/drain/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { control, REASON, type ReasonFlags } from './control.ts';

/** `qctl drain set RUN NAME=VALUE…`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDrainSet): QctlCommand {
  const command = createCommand(entry).option(...REASON);
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\nSettings, each as NAME=VALUE:\n${settingsText()}`);
  addExamples(command, [
    ['qctl drain set alerts-20261121-090446-0171 rate=500/s max-lag=1000', 'over the flags of its processes'],
    ['qctl drain set alerts-20261121-090446-0171 max-lag=off', 'lift a brake of the flags'],
    ['qctl drain set alerts-20261121-090446-0171 rate=-', 'what the flags say is in force again'],
  ]);
  return command.action((name: string, settings: string[], flags: ReasonFlags) =>
    run(context, name, settings, flags),
  );
}

function settingsText(): string {
  const all = [...TUNABLE_VALUES, ['any of them', '- (the flags are in force again)'] as const];
  const width = Math.max(...all.map(([name]) => name.length));
  return all.map(([name, expected]) => `  ${name.padEnd(width)}  ${expected}`).join('\n');
}

/** Carries it out. */
export function runDrainSet(
  context: Context,
  name: string,
  settings: string[],
  flags: ReasonFlags,
): Promise<void> {
  const pairs = settings.map(toPair);
  refuseTwice(pairs.map(([setting]) => setting));
  return control(context, `change run ${name}`, flags, (redis, decider) =>
    setRun(redis, name, pairs, decider),
  );
}

function toPair(text: string): readonly [string, string] {
  const at = text.indexOf('=');
  if (at > 0 && at < text.length - 1) return [text.slice(0, at), text.slice(at + 1)];
  throw new QctlError('usage', `${text}: expected NAME=VALUE`, {
    code: 'BAD_SETTING',
    hint: ['rate=500/s, max-lag=1000; rate=- ends the override'],
  });
}

function refuseTwice(names: string[]): void {
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice === undefined) return;
  throw new QctlError('usage', `${twice} is given twice`, {
    code: 'BAD_SETTING',
    hint: [`leave one of them: ${twice}=VALUE`],
  });
}
