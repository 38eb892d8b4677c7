import { InvalidArgumentError, Option } from 'commander';
import { changeRoute, checkRouteName, editRules, type RouteChange } from '../../src/routing/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { operatorHere } from '../operator.ts';
import { parseNonNegativeInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';
import { formatRouteChange } from './format-change.ts';
import { collect, editOf, parsePercentFlag, type SettingFlags } from './settings.ts';
import { addStoreOptions, openStore, type StoreFlags } from './store.ts';

/** The flags of `route set`. */
export interface SetFlags extends SettingFlags, StoreFlags {
  reason?: string;
  expectVersion?: number;
}

/** `qctl route set NAME`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRouteSet): QctlCommand {
  const command = createCommand(entry)
    .option('--percent <p>', 'so many percent go to the new side, two decimals: 25, 0.5', parsePercentFlag)
    .option('--type <type=share>', 'a type: =old, =new, a percentage of its own, or =- for none', collect)
    .option('--key <key=side>', 'a key that stays on one side: =old, =new, or =- for none', collect)
    .option(
      '--load <rule>',
      'while a queue is long: stream=S[,group=G]|published=KEY,above=N,to=SHARE; - for none',
    )
    .option(
      '--time <rule>',
      'at times: from=HH:MM,to=HH:MM,percent=SHARE[,timezone=,days=]; - for none',
      collect,
    )
    .addOption(new Option('--default <side>', 'the side of what has no key').choices(['old', 'new']))
    .option('--reason <text>', 'why, for those who look at it later', parseReason)
    .option(
      '--expect-version <n>',
      'only where it is at this version; 0: where there is none',
      parseNonNegativeInteger,
    );
  addStoreOptions(command);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    [
      "qctl route set orders --percent 5 --reason 'first step'",
      'a twentieth of all keys goes to the new side',
    ],
    ['qctl route set orders --type refund=new --key 42=old', 'refunds, but never customer 42'],
    ['qctl route set orders --load stream=orders,above=10000,to=old', 'back while the new queue is long'],
  ]);
  return command.action((name: string, flags: SetFlags) => run(context, name, flags));
}

const NUANCES = `What is not given stays. The order in which rules decide: key, type, time, load, percent. A key that is on the
new side stays there as the percentage rises. --time replaces all times; --type and --key may be given again and again.
Processes notice within a second.`;

const MOST_REASON = 300;

function parseReason(text: string): string {
  const reason = text.trim();
  if (reason !== '' && reason.length <= MOST_REASON) return reason;
  throw new InvalidArgumentError(`expected a text that says why, of ${MOST_REASON} characters at most`);
}

/** Carries it out. */
export async function runRouteSet(context: Context, name: string, flags: SetFlags): Promise<void> {
  checkRouteName(name);
  const edit = editOf(flags);
  if (Object.values(edit).every((value) => value === undefined))
    throw usageError('there is nothing to set', 'SETTING_MISSING', `qctl route set ${name} --percent 25`);
  const { options, io } = context;
  const { by, host } = operatorHere();
  const store = await openStore(context, flags);
  const change = await changeRoute(store, name, (prior) => editRules(prior, edit), {
    by: `${by}@${host}`,
    reason: flags.reason ?? null,
    expectVersion: flags.expectVersion,
    dryRun: options.dryRun,
  });
  await renderResult(io, options, {
    type: 'route-set',
    data: { ...change, name, dryRun: options.dryRun },
    table: () => formatRouteChange(io.stdout, change),
  });
  if (!options.quiet) io.stderr.write(`${closingText(change, options.dryRun, flags.file)}\n`);
}

function closingText({ changed, prior }: RouteChange, dryRun: boolean, file: string | undefined): string {
  if (!changed) return 'there is nothing to do: it is so already';
  if (dryRun) return 'nothing was changed (--dry-run)';
  const made = prior ? '' : 'the route is new; ';
  return `${made}processes notice within a second${file === undefined ? '' : ' where they see this file'}`;
}
