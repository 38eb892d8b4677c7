import {
  planReplay,
  type ReplayPlan,
  type ReplayReport,
  refuseReplay,
  replayDeadLetters,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions, parseRate } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { printable } from '../term/text.ts';
import { addChoice, type ChoiceFlags, chosenLetters, lettersText, requireChoice } from './choice.ts';
import { formatReplayPlan, formatReplayReport } from './format-replay.ts';

interface ReplayFlags extends ChoiceFlags {
  all?: boolean;
  to?: string;
  create?: boolean;
  rate?: number;
}

/** `qctl dlq replay STREAM [ID…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqReplay): QctlCommand {
  const command = createCommand(entry)
    .option('--all', 'everything that is there when it starts')
    .option('--to <stream>', 'instead of the stream that each one comes from')
    .option('--create', 'make that stream where it does not exist')
    .option('--rate <rate>', 'at most so many a second: 100/s', parseRate);
  addChoice(command);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ["qctl dlq replay orders --reason 'timeout*' --dry-run", 'how many would go where, and who gets them'],
    ['qctl dlq replay orders --all --rate 100/s', 'everything, no faster than the consumers can take'],
    ['qctl dlq replay orders 1763721600000-0 --yes', 'one dead letter'],
  ]);
  return command.action((stream: string, ids: string[], flags: ReplayFlags) =>
    run(context, stream, ids, flags),
  );
}

/** Carries it out. Returns the exit code. */
export async function runDlqReplay(
  context: Context,
  stream: string,
  ids: string[],
  flags: ReplayFlags,
): Promise<number> {
  requireChoice('replay', ids, flags);
  const { io, options } = context;
  const { streams, choice } = await chosenLetters(context, stream, ids, flags);
  const redis = await context.redis();
  const request = { streams, choice, to: flags.to, create: flags.create === true, ratePerSecond: flags.rate };
  const prepared = await withProgress(context, 'look', ({ work, progress }) =>
    planReplay(redis, request, work, (seen) => progress.update(`${lettersText(seen)} looked at`)),
  );
  const { plan } = prepared;
  if (options.dryRun) return renderPlan(context, plan);
  if (!options.quiet) io.stderr.write(formatReplayPlan(io.stderr, plan));
  refuseReplay(plan);
  if (plan.chosen > 0) await context.confirm(questionOf(plan));
  context.onHardStop = () =>
    'stopped at once; what was replayed stays replayed, and the same command goes on with the rest';
  const report = await withProgress(context, 'replay', ({ work, progress }) =>
    replayDeadLetters(redis, prepared, work, (so) =>
      progress.update(`${grouped(so.replayed)} of ${grouped(so.chosen)} replayed`, progressOf(so)),
    ),
  );
  context.onHardStop = undefined;
  return renderReport(context, report);
}

async function renderPlan(context: Context, plan: ReplayPlan): Promise<number> {
  const { io, options } = context;
  await renderResult(io, options, {
    type: 'replay-plan',
    data: plan,
    table: () => formatReplayPlan(io.stdout, plan),
  });
  return plan.findings.some(({ level }) => level === 'blocker') ? exitCodeOf('refused') : 0;
}

async function renderReport(context: Context, report: ReplayReport): Promise<number> {
  const { io, options } = context;
  const { failure } = report;
  await renderResult(io, options, {
    type: 'replay-report',
    data: { ...report, failure: failure?.message ?? null },
    table: () => formatReplayReport(io.stdout, report),
  });
  if (failure) throw failure;
  return report.left > 0 || report.missing > 0 ? exitCodeOf('partial') : 0;
}

function questionOf({ chosen, targets }: ReplayPlan): string {
  const where = targets.length === 1 ? targets[0]!.stream : `${targets.length} streams`;
  return printable(`Replay ${lettersText(chosen)} into ${where}?`);
}

function progressOf({ chosen, replayed, gone, tooManyFields }: Readonly<ReplayReport>): object {
  return { chosen, replayed, gone, tooManyFields };
}
