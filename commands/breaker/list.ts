import { Option } from 'commander';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { type ChosenBreakers, noteUnreadable, requireChosen, type ShownBreaker } from './chosen.ts';
import { warnUnreadable } from './configured.ts';
import { type DialectFlag, dialectOption } from './foreign.ts';
import { formatBreakers } from './format-list.ts';
import { formatBreakerMetrics } from './format-metrics.ts';
import { breakerToJson } from './to-json.ts';
import { warnForgotten } from './warn-forgotten.ts';
import { CONCERNS, type Concern, concernOf } from './wording.ts';

/** The flags of `breaker list`. */
export interface ListFlags extends DialectFlag {
  state?: Concern;
}

/** `qctl breaker list [PATTERN…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerList): QctlCommand {
  const command = createCommand(entry).addOption(
    new Option('--state <state>', 'only these; open: calls are rejected, held: there is an override').choices(
      CONCERNS,
    ),
  );
  command.addOption(dialectOption());
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl breaker list', 'all of them, the worst first'],
    ["qctl breaker list 'wazuh-*' --watch", 'those that match, again and again'],
    ['qctl breaker list --state held -o json', 'what somebody has overridden, for a script'],
    ['qctl breaker list --dialect stoplight', 'those that stoplight keeps in Redis; held: locked'],
  ]);
  return command.action((names: string[], flags: ListFlags) => run(context, names, flags));
}

const NUANCES = `FAILED is of the calls in the window, REJECTED those that were turned away in it. 'probe is due': the next call goes
as a probe. SEEN stands there where processes keep silent, and for how long: what is shown may be old news. A breaker
of qctl.yaml that no process has used yet is closed.`;

/** Carries it out. */
export async function runBreakerList(context: Context, names: string[], flags: ListFlags): Promise<void> {
  const { io, options } = context;
  if (flags.dialect) {
    const { runForeignList } = await import('./list-foreign.ts');
    return runForeignList(context, flags.dialect, names, flags.state);
  }
  const chosen = await requireChosen(context, names);
  const breakers = worstFirst(chosen.breakers).filter((one) => isWanted(one, flags.state));
  noteNothing(context, chosen, breakers);
  await renderResult(io, options, {
    type: 'breaker',
    data: breakers.map(breakerToJson),
    table: () => (breakers.length === 0 ? '' : formatBreakers(io.stdout, breakers)),
    prometheus: () => formatBreakerMetrics(breakers),
  });
  await warnUnreadable(context);
  noteUnreadable(context, chosen.unreadable);
  warnForgotten(context, chosen.breakers);
}

function isWanted(one: ShownBreaker, state: Concern | undefined): boolean {
  if (state === 'held') return one.override !== null;
  return state === undefined || concernOf(one) === state;
}

function worstFirst(breakers: readonly ShownBreaker[]): ShownBreaker[] {
  const rank = (one: ShownBreaker) => CONCERNS.indexOf(concernOf(one));
  return breakers.toSorted((a, b) => rank(a) - rank(b));
}

function noteNothing(
  { io, options }: Context,
  { breakers, unmatched }: ChosenBreakers,
  shown: readonly ShownBreaker[],
): void {
  if (options.quiet) return;
  for (const pattern of unmatched) io.stderr.write(`no circuit breaker matches ${pattern}\n`);
  if (!io.stderr.isTTY || unmatched.length > 0 || shown.length > 0) return;
  io.stderr.write(
    breakers.length > 0 ? 'no circuit breaker is in this state\n' : 'there are no circuit breakers\n',
  );
}
