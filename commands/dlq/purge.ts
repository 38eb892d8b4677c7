import {
  checkPurgeRights,
  type PurgeReport,
  purgeDeadLetters,
  type Survey,
  surveyDeadLetters,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import {
  addChoice,
  type ChoiceFlags,
  choiceArguments,
  chosenLetters,
  lettersText,
  requireChoice,
} from './choice.ts';
import { formatPurgePlan, formatPurgeReport, type PurgePlan } from './format-purge.ts';

interface PurgeFlags extends ChoiceFlags {
  all?: boolean;
}

/** `qctl dlq purge STREAM [ID…]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqPurge): QctlCommand {
  const command = createCommand(entry).option('--all', 'everything that is there when it starts');
  addChoice(command);
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl dlq export orders --out-file orders.ndjson.gz', 'keep a copy first'],
    ['qctl dlq purge orders --until 30d --yes', 'what died more than 30 days ago; for cron'],
    ["qctl dlq purge orders --reason 'not found' --dry-run", 'how many would be deleted'],
  ]);
  return command.action((stream: string, ids: string[], flags: PurgeFlags) =>
    run(context, stream, ids, flags),
  );
}

/** Carries it out. Returns the exit code. */
export async function runDlqPurge(
  context: Context,
  stream: string,
  ids: string[],
  flags: PurgeFlags,
): Promise<number> {
  requireChoice('delete', ids, flags);
  const { io, options } = context;
  const { streams, choice } = await chosenLetters(context, stream, ids, flags);
  const redis = await context.redis();
  const survey = await withProgress(context, 'look', ({ work, progress }) =>
    surveyDeadLetters(redis, streams, choice, work, {
      progress: (seen) => progress.update(`${lettersText(seen)} looked at`),
    }),
  );
  const plan = toPlan(survey, `qctl dlq export ${choiceArguments(stream, ids, flags)}`);
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'purge-plan',
      data: plan,
      table: () => formatPurgePlan(io.stdout, plan),
    });
    return 0;
  }
  if (!options.quiet) io.stderr.write(formatPurgePlan(io.stderr, plan));
  await checkPurgeRights(redis, survey);
  if (plan.chosen > 0) await askFor(context, stream, plan);
  context.onHardStop = () =>
    'stopped at once; what was deleted stays deleted, and the same command goes on with the rest';
  const report = await withProgress(context, 'delete', ({ work, progress }) =>
    purgeDeadLetters(redis, survey, choice, work, ({ chosen, purged, gone }) =>
      progress.update(`${grouped(purged)} of ${grouped(chosen)} deleted`, { chosen, purged, gone }),
    ),
  );
  context.onHardStop = undefined;
  return renderReport(context, report);
}

function toPlan({ shares, chosen, missingIds }: Survey, exportLine: string): PurgePlan {
  return {
    chosen,
    payloadBytes: shares.reduce((sum, share) => sum + share.payloadBytes, 0),
    streams: shares.map(({ dead, entries, chosen: own, oldestDeadAt, newestDeadAt }) => ({
      ...{ stream: dead.stream, entries, chosen: own, oldestDeadAt, newestDeadAt },
    })),
    missingIds,
    exportFirst: `${exportLine} --out-file dead-letters.ndjson.gz`,
  };
}

/** What is deleted is gone for good: a stray `y` must not be enough. */
async function askFor(context: Context, argument: string, { chosen, streams }: PurgePlan): Promise<void> {
  const name = streams.length === 1 ? streams[0]!.stream : argument;
  await context.confirmTyped(name, `Delete ${lettersText(chosen)} from ${name} for good?`);
}

async function renderReport(context: Context, report: PurgeReport): Promise<number> {
  const { io, options } = context;
  const { failure } = report;
  await renderResult(io, options, {
    type: 'purge-report',
    data: { ...report, failure: failure?.message ?? null },
    table: () => formatPurgeReport(io.stdout, report),
  });
  if (failure) throw failure;
  return report.left > 0 || report.missing > 0 ? exitCodeOf('partial') : 0;
}
