import { between, known, type Range, type Reading, type Thresholds } from '../../src/checks/index.ts';
import { type GroupFacts, longestIdle, type StreamFacts, scanPending } from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { type Measuring, measuring } from './measuring.ts';
import type { Metric } from './metrics.ts';
import { addMissing, type MissingFlag } from './missing.ts';
import { runCheck } from './run-check.ts';
import { eachGroup, groupItem } from './streams.ts';
import { addRangeHelp, addThresholds, defaultRange, isGiven, requireThresholds } from './thresholds.ts';

/** The flags of `check pending`. */
export interface PendingFlags extends MissingFlag {
  warning?: Range;
  critical?: Range;
  warningAge?: Range;
  criticalAge?: Range;
  /** Milliseconds. */
  minIdle?: number;
}

/** `qctl check pending STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCheckPending): QctlCommand {
  const command = createCommand(entry);
  addThresholds(command, {
    what: 'the number of pending entries',
    defaults: { warning: '0 with --min-idle' },
  });
  addThresholds(command, {
    what: 'the longest idle time of a pending entry',
    operand: 'duration',
    suffix: 'age',
  });
  command.option('--min-idle <duration>', 'count only what nobody was given for so long', parseDuration);
  addMissing(command);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl check pending orders workers --min-idle 5m', 'warn where anything is stuck for 5 minutes'],
    ['qctl check pending orders -w 100 -c 1000 --critical-age 15m', 'every group, by number and idle time'],
  ]);
  addRangeHelp(command);
  return command.action((stream: string, group: string | undefined, flags: PendingFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. Returns the exit code. */
export async function runCheckPending(
  context: Context,
  stream: string,
  group: string | undefined,
  flags: PendingFlags,
): Promise<number> {
  const { minIdle, missing } = flags;
  const number = withDefault({ warning: flags.warning, critical: flags.critical }, minIdle);
  const idle: Thresholds = { warning: flags.warningAge, critical: flags.criticalAge };
  requireThresholds(context, '-w, -c, --warning-age, --critical-age, --min-idle', number, idle);
  const idleWanted = isGiven(idle) || context.options.output === 'prometheus';
  return runCheck(context, {
    check: 'pending',
    target: group === undefined ? stream : `${stream}/${group}`,
    measure: async () => {
      const at = await measuring(context);
      return eachGroup(context, { stream, group, missing }, async (facts, one) => {
        const readings =
          minIdle === undefined
            ? [known('pending' as const, one.pending, number)]
            : [
                await stuckReading(at, facts, one, { minIdle, thresholds: number }),
                known('pending', one.pending),
              ];
        if (idleWanted) readings.push(await idleReading(at, facts, one, idle));
        return groupItem(facts.stream, one.group, readings);
      });
    },
  });
}

/** What is pending for a moment is at work; what is stuck is wrong by itself. */
function withDefault(given: Thresholds, minIdle: number | undefined): Thresholds {
  return minIdle === undefined || isGiven(given) ? given : { warning: defaultRange('0') };
}

async function stuckReading(
  { redis, work }: Measuring,
  { stream }: StreamFacts,
  { group, pending }: GroupFacts,
  { minIdle, thresholds }: { minIdle: number; thresholds: Thresholds },
): Promise<Reading<Metric>> {
  if (pending === 0) return known('stuck', 0, thresholds);
  const { seen, matching } = await scanPending(redis, stream, group, { minIdleMs: minIdle }, { work });
  if (!work.signal.aborted || seen >= pending) return known('stuck', matching, thresholds);
  const bounds = { atLeast: matching, atMost: matching + pending - seen };
  return between('stuck', bounds, `there was time to look at ${seen} of ${pending}`, thresholds);
}

/** Of a group that has nothing pending it is 0. */
async function idleReading(
  { redis, work }: Measuring,
  { stream }: StreamFacts,
  { group, pending }: GroupFacts,
  thresholds: Thresholds,
): Promise<Reading<Metric>> {
  if (pending === 0) return known('idle', 0, thresholds);
  const { idleMs, complete } = await longestIdle(redis, stream, group, work);
  if (complete) return known('idle', idleMs ?? 0, thresholds);
  const bounds = { atLeast: idleMs ?? 0, atMost: Number.POSITIVE_INFINITY };
  return between('idle', bounds, 'there was no time to look at all pending entries', thresholds);
}
