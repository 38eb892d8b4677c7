import { InvalidArgumentError } from 'commander';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { hushRule } from './hush.ts';
import { addAlertOptions, type StateFlags } from './plan.ts';

interface SilenceFlags extends StateFlags {
  for: number;
  reason: string;
}

const LONGEST_MS = 30 * 86_400_000;
const MOST_REASON = 300;

/** `qctl alerts silence RULE --for DURATION --reason TEXT`. */
export function newCommand(context: Context, entry: CommandEntry, run = runSilence): QctlCommand {
  const command = createCommand(entry)
    .requiredOption('--for <duration>', 'how long: 2h', parseFor)
    .requiredOption('--reason <text>', 'why, for those who look at it later', parseReason);
  addAlertOptions(command);
  command.addHelpText(
    'after',
    '\nThe rule is still looked at. An incident that goes on after that is told of then; one that is over is not.',
  );
  addExamples(command, [
    ["qctl alerts silence orders-deep --for 2h --reason 'import runs'", 'for two hours'],
  ]);
  return command.action((rule: string, flags: SilenceFlags) => run(context, rule, flags));
}

function parseFor(text: string): number {
  const ms = parseDuration(text);
  if (ms > 0 && ms <= LONGEST_MS) return ms;
  throw new InvalidArgumentError('expected more than 0s, and 30d at most');
}

function parseReason(text: string): string {
  const reason = text.replace(/\s+/g, ' ').trim();
  if (reason !== '' && reason.length <= MOST_REASON) return reason;
  throw new InvalidArgumentError(`expected a text that says why, of ${MOST_REASON} characters at most`);
}

/** Carries it out. */
export function runSilence(context: Context, rule: string, flags: SilenceFlags): Promise<void> {
  return hushRule(context, rule, flags, { forMs: flags.for, reason: flags.reason });
}
