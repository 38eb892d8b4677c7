import { type Item, known, type Reading, type Thresholds } from '../../src/checks/index.ts';
import type { Depth } from '../../src/sources/source.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { chooseSource, type DepthFlags, refuseSeveral } from './depth-source.ts';
import { unreadableItem } from './failure.ts';
import type { Metric } from './metrics.ts';
import { addMissing, type MissingFlag, missingItem, nothingMatches } from './missing.ts';
import { runCheck } from './run-check.ts';
import { lookAt } from './streams.ts';
import { addRangeHelp, addThresholds, requireThresholds } from './thresholds.ts';

/** `qctl check depth [SOURCE]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCheckDepth): QctlCommand {
  const command = createCommand(entry);
  addThresholds(command, { what: 'the number of messages ready, or the length of the stream,' });
  command
    .option('--all', 'judge ready, in flight and delayed messages together')
    .option('--stream <name>', 'the length of a stream, or of all that match, in place of a source')
    .option('--table <name>', 'a table in PostgreSQL, as in SQL: public.alerts')
    .option('--ready <condition>', "SQL condition of the rows to count: state = 'pending'");
  addMissing(command);
  addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
  addExamples(command, [
    ['qctl check depth webhooks -w 1000 -c 10000', 'a source of qctl.yaml'],
    ['qctl check depth --queue-url … --all -w 0', 'warn until an SQS queue is empty; nothing is received'],
    ['qctl check depth --table alerts --ready "state = \'pending\'" -c 500', 'rows of a table'],
    ['qctl check depth --stream orders -w 900000 -c 1000000', 'the length of a stream'],
  ]);
  addRangeHelp(command);
  return command.action((source: string | undefined, flags: DepthFlags) => run(context, source, flags));
}

/** Carries it out. Returns the exit code. */
export async function runCheckDepth(
  context: Context,
  source: string | undefined,
  flags: DepthFlags,
): Promise<number> {
  const thresholds: Thresholds = { warning: flags.warning, critical: flags.critical };
  requireThresholds(context, '-w, -c', thresholds);
  refuseSeveral(source, flags);
  if (flags.stream !== undefined) return checkStream(context, flags.stream, flags.missing, thresholds);
  const { target, read } = await chooseSource(context, source, flags);
  return runCheck(context, {
    check: 'depth',
    target,
    measure: async () => {
      const { label, ...depth } = await read();
      return [toItem(target, label, depth, { thresholds, all: flags.all === true })];
    },
  });
}

function toItem(
  name: string,
  label: string,
  { ready, inFlight, delayed }: Depth,
  { thresholds, all }: { thresholds: Thresholds; all: boolean },
): Item<Metric> {
  const counts = { ready, inFlight, delayed };
  const readings: Reading<Metric>[] = Object.entries(counts).flatMap(([metric, value]) =>
    value === null
      ? []
      : [known(metric as keyof typeof counts, value, metric === 'ready' && !all ? thresholds : {})],
  );
  const left = (ready ?? 0) + (inFlight ?? 0) + (delayed ?? 0);
  if (all) readings.unshift(known('left', left, thresholds));
  return { name, labels: { source: name, location: label }, readings, findings: [] };
}

async function checkStream(
  context: Context,
  stream: string,
  missing: MissingFlag['missing'],
  thresholds: Thresholds,
): Promise<number> {
  return runCheck(context, {
    check: 'depth',
    target: stream,
    measure: async () => {
      const found = await lookAt(context, stream);
      if (found.length === 0) return [nothingMatches(stream, missing)];
      return found.map(({ settings: { stream: name }, facts, failure }) => {
        if (failure) return unreadableItem({ stream: name }, failure);
        if (!facts) return missingItem({ stream: name }, 'STREAM', missing);
        const readings = [known('length' as const, facts.length, thresholds)];
        return { name, labels: { stream: name }, readings, findings: [] };
      });
    },
  });
}
