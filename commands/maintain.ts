import { BUDGET_MS } from '../src/maintain/index.ts';
import { formatExactDuration } from '../src/model/duration.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { type MaintainFlags, parseParts } from './maintain/choose.ts';
import { refuseConflicts } from './maintain/conflicts.ts';
import { addConnectionOptions, parseDuration } from './options.ts';
import type { CommandEntry } from './registry.ts';

/** `qctl maintain`. */
export function newCommand(context: Context, entry: CommandEntry, run = runMaintain): QctlCommand {
  const command = createCommand(entry)
    .option('--only <parts>', 'these parts alone, whatever qctl.yaml says: trim,claim', parseParts)
    .option('--skip <parts>', 'leave these parts out', parseParts)
    .option(
      '--stream <name>',
      'only this stream, its partitions included; no circuit breakers, nothing that is left over',
    )
    .option(
      '--budget <duration>',
      `no part begins after that (default: budget of maintain, else ${formatExactDuration(BUDGET_MS)})`,
      parseDuration,
    )
    .option('--textfile <path>', 'write metrics for node_exporter there; ends in .prom')
    .option('-f, --follow', 'go on until Ctrl-C, and move each message when it is due')
    .option(
      '--every <duration>',
      'look so often, and go on until Ctrl-C (default with --follow: 1s)',
      parseDuration,
    );
  command.addHelpText('after', `\n${NUANCES}`);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    [
      'qctl maintain',
      'moves what is due, looks after breakers, tells what is left over; from cron, once a minute',
    ],
    ['qctl maintain --yes', 'and what else maintain: of qctl.yaml switches on: trim, claim, …'],
    ['qctl maintain --only trim,expire --dry-run', 'what these two would do'],
    ['qctl maintain --follow', 'as a service: nothing scheduled is late by more than a moment'],
  ]);
  return command.action((flags: MaintainFlags) => run(context, flags));
}

const NUANCES = `Parts, as 'maintain:' of qctl.yaml names them. On by default, and nobody is asked: scheduled (moves messages that
are due), breakers (ends overrides whose time is over, warns of forgotten ones, removes breakers unused for 30 days),
leftovers (tells of runs, cutovers, locks and load tests that nobody is at work on). Off by default, and only these ask,
where there is something for them to do: deadLetter (stuck entries after maxDeliveries), claim (stuck entries, for
claimTo), reap (consumers away for reapAfter), trim (beyond maxLen and maxAge, never what a group has not finished),
expire (dead letters older than deadLetterTtl). Bounds and groups are those of 'streams:'.
One at a time over all hosts; who finds another at work says so and ends with 10. --follow, and 'scheduled' alone,
need no lock: any number of these may be at work. The clock is that of Redis.`;

/** Carries it out. */
export async function runMaintain(context: Context, flags: MaintainFlags): Promise<void> {
  const follows = flags.follow === true || flags.every !== undefined;
  refuseConflicts(context, flags, follows);
  if (context.options.dryRun) return (await import('./maintain/plan.ts')).showPlan(context, flags);
  if (follows) return (await import('./maintain/follow.ts')).followScheduled(context, flags);
  return (await import('./maintain/once.ts')).maintainOnce(context, flags);
}
