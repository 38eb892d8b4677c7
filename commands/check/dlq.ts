import {
  between,
  type Item,
  known,
  type Range,
  type Reading,
  type Thresholds,
} from '../../src/checks/index.ts';
import { isPattern } from '../../src/config/streams.ts';
import { streamIdTimeMs } from '../../src/model/stream-id.ts';
import {
  countEntries,
  type DeadLetterStream,
  findDeadLetters,
  findStreams,
  readFacts,
  resolveDeadLetters,
  type StreamFacts,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { toFailure, unreadableItem } from './failure.ts';
import { inTurns, type Measuring, measuring } from './measuring.ts';
import type { Metric } from './metrics.ts';
import { addMissing, type MissingFlag, missingItem, noneIfMissing, nothingMatches } from './missing.ts';
import { runCheck } from './run-check.ts';
import { addRangeHelp, addThresholds, defaultRange, isGiven } from './thresholds.ts';

/** The flags of `check dlq`. */
export interface DlqFlags extends MissingFlag {
  warning?: Range;
  critical?: Range;
  /** Milliseconds. */
  since?: number;
}

/** `qctl check dlq [STREAM]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCheckDlq): QctlCommand {
  const command = createCommand(entry);
  addThresholds(command, {
    what: 'the number of dead letters',
    defaults: { warning: '0 where neither is given' },
  });
  command.option(
    '--since <duration>',
    'count only what was added within that time: 30m, 1h; an import counts as well',
    parseDuration,
  );
  addMissing(command);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl check dlq', 'warn of any dead letter in any dead-letter stream'],
    ['qctl check dlq orders --since 1h -w 0 -c 100', 'only what was added within the last hour'],
    ['qctl check dlq orders:dead -c 1000', 'the dead-letter stream by its own name'],
  ]);
  addRangeHelp(command);
  return command.action((stream: string | undefined, flags: DlqFlags) => run(context, stream, flags));
}

/** Carries it out. Returns the exit code. */
export async function runCheckDlq(
  context: Context,
  stream: string | undefined,
  flags: DlqFlags,
): Promise<number> {
  const { since, missing } = flags;
  const given: Thresholds = { warning: flags.warning, critical: flags.critical };
  const thresholds = isGiven(given) ? given : { warning: defaultRange('0') };
  const { streams, defaults } = await context.config();
  const named = stream ?? defaults.stream;
  return runCheck(context, {
    check: 'dlq',
    target: named ?? '*',
    measure: async () => {
      const at = await measuring(context);
      const found =
        named === undefined
          ? await findDeadLetters(at.redis, streams)
          : await resolveDeadLetters(at.redis, streams, named).catch(noneIfMissing);
      const options = { since, missing, thresholds };
      if (found.length === 1) return [await measure(at, found[0]!, options)];
      if (found.length > 1)
        return inTurns(found.map((one) => () => measure(at, one, options).catch(unreadable(context, one))));
      if (named !== undefined && !isPattern(named))
        return [missingItem({ stream: named }, 'STREAM', missing)];
      return [nothingMatches(named ?? '*:dead', missing)];
    },
  });
}

/** Of several streams one that cannot be read is UNKNOWN, and hides nothing of the others. */
function unreadable(context: Context, { stream }: DeadLetterStream): (error: unknown) => Item<Metric> {
  return (error) => unreadableItem({ stream }, toFailure(context, error));
}

async function measure(
  at: Measuring,
  dead: DeadLetterStream,
  { since, missing, thresholds }: { since?: number; thresholds: Thresholds } & MissingFlag,
): Promise<Item<Metric>> {
  const { stream } = dead;
  const facts = await readFacts(at.redis, stream);
  // A dead-letter stream begins with its first dead letter; where its stream is missing too, nothing is known.
  if (!facts && !(await someOwnerExists(at, dead))) return missingItem({ stream }, 'STREAM', missing);
  const total = facts?.length ?? 0;
  const readings: Reading<Metric>[] =
    since === undefined
      ? [known('dead', total, thresholds)]
      : [await newReading(at, facts, since, thresholds), known('dead', total)];
  return { name: stream, labels: { stream }, readings, findings: [] };
}

async function someOwnerExists({ redis }: Measuring, { owners }: DeadLetterStream): Promise<boolean> {
  for (const { stream } of owners) {
    if (isPattern(stream) ? (await findStreams(redis, stream)).length > 0 : await readFacts(redis, stream))
      return true;
  }
  return false;
}

const MOST_COUNTED = 1_000_000;

/** By the ids, which Redis gives a dead letter when it is added, also by an import. */
async function newReading(
  { redis, work }: Measuring,
  facts: StreamFacts | undefined,
  since: number,
  thresholds: Thresholds,
): Promise<Reading<Metric>> {
  if (!facts?.lastId) return known('newDead', 0, thresholds);
  const { stream, length, lastId, timeMs } = facts;
  if (streamIdTimeMs(lastId) === null) {
    return between('newDead', { atLeast: 0, atMost: length }, `the id ${lastId} is no time`, thresholds);
  }
  const from = `${Math.max(0, timeMs - since)}-0`;
  const { count, complete } = await countEntries(redis, stream, from, lastId, { limit: MOST_COUNTED, work });
  if (complete) return known('newDead', count, thresholds);
  const bounds = { atLeast: count, atMost: Math.max(length, count) };
  return between('newDead', bounds, `counted up to ${count} entries`, thresholds);
}
