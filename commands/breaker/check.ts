import type { UnreadableBreaker } from '../../src/breaker/index.ts';
import type { Finding, Item, Status } from '../../src/checks/index.ts';
import { findSimilar } from '../../src/config/similar.ts';
import type { Metric } from '../check/metrics.ts';
import { addMissing, type MissingFlag } from '../check/missing.ts';
import { runCheck } from '../check/run-check.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { type ChosenBreakers, lookAtChosen } from './chosen.ts';
import { type DialectFlag, dialectOption } from './foreign.ts';
import { breakerItem } from './readings.ts';

/** The flags of `breaker check`. */
export type CheckFlags = MissingFlag & DialectFlag;

/** `qctl breaker check [PATTERN…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runBreakerCheck): QctlCommand {
  const command = addMissing(createCommand(entry), 'a breaker').addOption(dialectOption());
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl breaker check', 'every breaker'],
    ["qctl breaker check 'wazuh-*' mail", 'some of them'],
    ['qctl breaker check --dialect pybreaker', 'what another library keeps in Redis'],
    ['qctl breaker check -o prometheus --out-file breakers.prom', 'state and counts as metrics'],
  ]);
  return command.action((names: string[], flags: CheckFlags) => run(context, names, flags));
}

const NUANCES = `OK: closed. WARNING: half-open, or overridden by an operator. CRITICAL: open, be it held open. UNKNOWN: there is
no such breaker, or Redis cannot be asked. An override that stands for a day or longer is called forgotten.`;

/** Carries it out. Returns the exit code. */
export async function runBreakerCheck(
  context: Context,
  names: string[],
  { missing, dialect }: CheckFlags,
): Promise<number> {
  return runCheck(context, {
    check: 'breaker',
    target: names.join(' ') || '*',
    measure: async () => {
      if (dialect === undefined) return itemsOf(await lookAtChosen(context, names), missing);
      const { measureForeign } = await import('./check-foreign.ts');
      return measureForeign(context, dialect, names, missing);
    },
  });
}

function itemsOf(chosen: ChosenBreakers, missing: Status): Item<Metric>[] {
  const { breakers, unreadable, unknown, unmatched, known } = chosen;
  const items = [
    ...breakers.map(breakerItem),
    ...unreadable.map(unreadableBreaker),
    ...unknown.map((name) => missingItem(name, missing, unknownText(name, known))),
    ...unmatched.map((pattern) => missingItem(pattern, missing, 'no circuit breaker matches')),
  ];
  return items.length > 0 ? items : [missingItem('*', missing, 'there are no circuit breakers')];
}

function unreadableBreaker({ name, failure: { code, message } }: UnreadableBreaker): Item<Metric> {
  const finding: Finding = { code, status: 'unknown', text: message };
  return { name, labels: { breaker: name }, readings: [], findings: [finding] };
}

function unknownText(name: string, known: readonly string[]): string {
  const similar = findSimilar(name, known);
  return `there is no such circuit breaker${similar === undefined ? '' : `; did you mean ${similar}?`}`;
}

function missingItem(name: string, status: Status, text: string): Item<Metric> {
  const finding: Finding = { code: 'BREAKER_MISSING', status, text };
  return { name, labels: { breaker: name }, readings: [], findings: [finding] };
}
