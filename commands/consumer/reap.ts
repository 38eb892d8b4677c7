import { formatExactDuration } from '../../src/model/duration.ts';
import { plural } from '../../src/model/plural.ts';
import { checkClaimRights, nothingReaped, type ReapReport, reapConsumer } from '../../src/streams/index.ts';
import { chosenGroups } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions, parseDuration, parseNonNegativeInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatReapPlans, formatReapReports, type ReapPlan } from './format-reap.ts';
import { type PreparedReap, prepareReaps, type ReapFlags } from './prepare-reap.ts';

const MIN_IDLE_MS = 3_600_000;

/** `qctl consumer reap STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runReap): QctlCommand {
  const command = createCommand(entry)
    .option('--consumer <names...>', 'only these (default: all that are away for long enough)')
    .option(
      '--min-idle <duration>',
      `a consumer that was seen more lately is alive (default: ${formatExactDuration(MIN_IDLE_MS)})`,
      parseDuration,
      MIN_IDLE_MS,
    )
    .option(
      '--to <consumer>',
      'who takes their entries over (default: claimTo of the stream, else the consumer seen last)',
    )
    .option('--create-consumer', 'allow a --to that does not exist yet')
    .option(
      '--max-deliveries <n>',
      'entries delivered so often become dead letters instead; 0: none (default: that of the stream)',
      parseNonNegativeInteger,
    )
    .option('--dead-letter <stream>', 'where those go (default: deadLetter of the stream, else STREAM:dead)');
  command.addHelpText(
    'after',
    '\nA consumer is deleted only when it has no pending entries and was not seen for --min-idle; Redis looks and\ndeletes in one step. One that blocks on a quiet stream looks away, too: it makes itself anew when it reads on.',
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl consumer reap orders workers --min-idle 1h', 'empties and deletes all that are away for an hour'],
    ['qctl consumer reap orders workers --consumer worker-1 --to worker-2', 'one that died'],
  ]);
  return command.action((stream: string | undefined, group: string | undefined, flags: ReapFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runReap(
  context: Context,
  stream: string | undefined,
  group: string | undefined,
  flags: ReapFlags,
): Promise<number> {
  const { io, options } = context;
  const reaps = await prepareReaps(context, await chosenGroups(context, stream, group), flags);
  const plans = reaps.map(({ plan }) => plan);
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'reap-plan',
      data: plans.length === 1 ? plans[0]! : plans,
      table: () => formatReapPlans(io.stdout, plans),
    });
    return 0;
  }
  if (!options.quiet) io.stderr.write(formatReapPlans(io.stderr, plans));
  const none = plans.every(({ dead }) => dead.length === 0);
  const reports = [
    ...reaps.flatMap(({ request, left }) => left.map((one) => nothingReaped(request, one, 'alive'))),
    ...(none ? [] : await confirmAndReap(context, reaps)),
  ];
  await renderResult(io, options, {
    type: 'reaped-consumer',
    data: reports.map((report) => ({ ...report, failure: report.failure?.message ?? null })),
    table: () => formatReapReports(io.stdout, reports, plans.length > 1),
  });
  const failure = reports.find((report) => report.failure)?.failure;
  if (failure) throw failure;
  return reports.every(({ outcome }) => DONE.has(outcome)) ? 0 : exitCodeOf('partial');
}

/** What nothing is left of. */
const DONE = new Set(['deleted', 'gone']);

async function confirmAndReap(context: Context, reaps: readonly PreparedReap[]): Promise<ReapReport[]> {
  const begun = reaps.filter(({ plan }) => plan.dead.length > 0);
  await checkClaimRights(
    await context.redis(),
    begun.map(({ request }) => request),
    { reap: true },
  );
  await context.confirm(questionOf(reaps.map(({ plan }) => plan)));
  context.onHardStop = () =>
    'stopped at once; no consumer with pending entries was deleted, the same command goes on';
  return withProgress(context, 'reap', async ({ work, progress }) => {
    const redis = await context.redis();
    const reports: ReapReport[] = [];
    for (const { plan, request, dead } of reaps.flatMap(eachConsumer)) {
      if (context.signal.aborted || reports.some(({ failure }) => failure)) {
        reports.push(nothingReaped(request, dead, 'stopped'));
        continue;
      }
      const events = {
        progress: ({ claimed }: { claimed: number }) =>
          progress.update(`${plan.stream} ${dead.consumer}: ${grouped(claimed)} claimed`),
      };
      reports.push(await reapConsumer(redis, request, dead, plan.minIdleMs, work, events));
    }
    return reports;
  });
}

function eachConsumer(reap: PreparedReap) {
  return reap.plan.dead.map((dead) => ({ ...reap, dead }));
}

function questionOf(plans: readonly ReapPlan[]): string {
  const [first] = plans;
  const dead = plans.flatMap((plan) => plan.dead);
  const entries = dead.reduce((sum, { pending }) => sum + pending, 0);
  const of = plans.length === 1 ? `${first!.stream} ${first!.group}` : `${plans.length} streams`;
  return `Delete ${dead.length} ${plural(dead.length, 'consumer')} of ${of} and move ${grouped(entries)} ${plural(entries, 'entry')}?`;
}
