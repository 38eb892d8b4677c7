import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { followScheduled, MIN_EVERY_MS } from './maintain/follow.ts';
import { moveScheduled } from './maintain/once.ts';
import { planScheduled } from './maintain/plan.ts';
import { addConnectionOptions, parseDuration } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { usageError } from './stream-work.ts';

/** The flags of `qctl maintain`. */
export interface MaintainFlags {
  stream?: string;
  follow?: boolean;
  /** Milliseconds. */
  every?: number;
}

/** `qctl maintain`. */
export function newCommand(context: Context, entry: CommandEntry, run = runMaintain): QctlCommand {
  const command = createCommand(entry)
    .option(
      '--stream <name>',
      'only what waits for this stream, its partitions included; no circuit breakers',
    )
    .option('-f, --follow', 'go on until Ctrl-C, and move each message when it is due')
    .option(
      '--every <interval>',
      'look so often, and go on until Ctrl-C (default with --follow: 1s)',
      parseDuration,
    );
  command.addHelpText('after', `\n${NUANCES}`);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl maintain', 'moves what is due into the streams; from cron, once a minute'],
    ['qctl maintain --follow', 'as a service: nothing is late by more than a moment'],
    ['qctl maintain --dry-run', 'what waits, how much of it is due, and when the next one is'],
  ]);
  return command.action((flags: MaintainFlags) => run(context, flags));
}

const NUANCES = `A drain puts messages that are not due yet aside, and moves them as long as it is at work; this command
does it afterwards. The clock is that of Redis. Any number of these may be at work at once, and beside a drain.
Overrides of circuit breakers whose time is over are taken away, those that stand for a day or longer are warned of
(not with --quiet), and breakers that no process was heard of for 30 days are removed unless an operator has set
something of them.`;

/** Carries it out. */
export async function runMaintain(context: Context, flags: MaintainFlags): Promise<void> {
  const follows = flags.follow === true || flags.every !== undefined;
  refuseConflicts(context, flags, follows);
  if (context.options.dryRun) return planScheduled(context, flags.stream);
  if (follows) return followScheduled(context, flags);
  return moveScheduled(context, flags.stream);
}

/** Throws before anything is connected to. */
function refuseConflicts({ options }: Context, { every }: MaintainFlags, follows: boolean): void {
  if (!follows) return;
  const { output, outFile, dryRun } = options;
  if (every !== undefined && every < MIN_EVERY_MS)
    throw usageError('--every: expected an interval of 100ms or more', 'BAD_INTERVAL');
  if (dryRun)
    throw usageError(
      '--dry-run shows one look, --follow has no end',
      'FOLLOW_CONFLICT',
      'leave out one of the two',
    );
  if (outFile !== undefined) {
    const hint = 'redirect stdout, or leave out one of the two';
    throw usageError('--out-file is written at the end, --follow has none', 'FOLLOW_CONFLICT', hint);
  }
  if (output === 'table' || output === 'ndjson') return;
  const hint = 'use -o ndjson: it appends lines';
  throw usageError(`-o ${output} is one document, --follow has no end`, 'FOLLOW_CONFLICT', hint);
}
