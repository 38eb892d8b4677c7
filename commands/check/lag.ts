import { between, known, type Range, type Reading, type Thresholds } from '../../src/checks/index.ts';
import { streamIdAgeMs } from '../../src/model/stream-id.ts';
import {
  type GroupFacts,
  judgeLag,
  measureLag,
  oldestUndeliveredId,
  type StreamFacts,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { COUNTED_AT_ONCE } from '../streams.ts';
import { type Measuring, measuring } from './measuring.ts';
import type { Metric } from './metrics.ts';
import { addMissing, type MissingFlag } from './missing.ts';
import { runCheck } from './run-check.ts';
import { eachGroup, groupItem } from './streams.ts';
import { addRangeHelp, addThresholds, isGiven, requireThresholds } from './thresholds.ts';

/** The flags of `check lag`. */
export interface LagFlags extends MissingFlag {
  warning?: Range;
  critical?: Range;
  warningAge?: Range;
  criticalAge?: Range;
}

/** `qctl check lag STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCheckLag): QctlCommand {
  const command = createCommand(entry);
  addThresholds(command, { what: 'the number of entries not delivered yet' });
  addThresholds(command, {
    what: 'the age of the oldest entry not delivered yet',
    operand: 'duration',
    suffix: 'age',
  });
  addMissing(command);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl check lag orders workers -w 1000 -c 5000', 'alert above 1000 and above 5000 entries'],
    ["qctl check lag 'orders*' --critical-age 5m", 'every group of every stream that matches'],
    ["qctl check lag 'orders*' -o prometheus", 'as metrics; thresholds are not needed'],
  ]);
  addRangeHelp(command);
  return command.action((stream: string, group: string | undefined, flags: LagFlags) =>
    run(context, stream, group, flags),
  );
}

/** Far beyond what anybody wants to be told exactly. */
const MOST_COUNTED = 1_000_000;

/**
 * Carries it out. Returns the exit code.
 *
 * @param limit a lag that Redis does not know is counted up to so many entries
 */
export async function runCheckLag(
  context: Context,
  stream: string,
  group: string | undefined,
  flags: LagFlags,
  limit = MOST_COUNTED,
): Promise<number> {
  const lag: Thresholds = { warning: flags.warning, critical: flags.critical };
  const age: Thresholds = { warning: flags.warningAge, critical: flags.criticalAge };
  requireThresholds(context, '-w, -c, --warning-age, --critical-age', lag, age);
  const metricsWanted = context.options.output === 'prometheus';
  return runCheck(context, {
    check: 'lag',
    target: group === undefined ? stream : `${stream}/${group}`,
    measure: async () => {
      const at = await measuring(context);
      const counted = isGiven(lag) || metricsWanted;
      const meant = { stream, group, missing: flags.missing, count: counted ? COUNTED_AT_ONCE : 1 };
      return eachGroup(context, meant, async (facts, one) => {
        const readings = counted ? [await lagReading(at, facts, one, { limit, ...lag })] : [];
        if (isGiven(age) || metricsWanted) readings.push(ageReading(facts, one, age));
        return groupItem(facts.stream, one.group, readings);
      });
    },
  });
}

async function lagReading(
  { redis, work }: Measuring,
  facts: StreamFacts,
  group: GroupFacts,
  { limit, ...thresholds }: Thresholds & { limit: number },
): Promise<Reading<Metric>> {
  const lag = await measureLag(redis, facts, group, { limit, work });
  if (lag.lag === null) return between('lag', lag, lag.note!, thresholds);
  return { ...known('lag', lag.lag, thresholds), note: lag.note };
}

/** Of a group that was given everything it is 0: nothing waits. */
function ageReading(facts: StreamFacts, group: GroupFacts, thresholds: Thresholds): Reading<Metric> {
  if (judgeLag(facts, group).lag === 0) return known('age', 0, thresholds);
  const oldest = oldestUndeliveredId(facts, group);
  const age = streamIdAgeMs(oldest, facts.timeMs);
  if (age !== null) return known('age', age, thresholds);
  const note = oldest === null ? 'the oldest entry was not found' : `the id ${oldest} is no time`;
  return between('age', { atLeast: 0, atMost: Number.POSITIVE_INFINITY }, note, thresholds);
}
