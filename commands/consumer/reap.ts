import {
  chooseTarget,
  type GroupFacts,
  groupOf,
  type ReapReport,
  type ReapRequest,
  readConsumers,
  reapConsumer,
  refuseApart,
  requireConsumer,
  requireFacts,
  type StreamFacts,
  type StreamSettings,
} from '../../src/streams/index.ts';
import { chosenStream } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { group as grouped } from '../drain/format-plan.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { addConnectionOptions, parseDuration, parseNonNegativeInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { withProgress } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';
import { formatReapPlan, formatReapReports, type ReapPlan } from './format-reap.ts';

interface ReapFlags {
  consumer?: string[];
  minIdle: number;
  to?: string;
  createConsumer?: boolean;
  maxDeliveries?: number;
  deadLetter?: string;
}

const MIN_IDLE_MS = 3_600_000;

/** `qctl consumer reap STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runReap): QctlCommand {
  const command = createCommand(entry)
    .option('--consumer <names...>', 'only these (default: all that are away for long enough)')
    .option(
      '--min-idle <duration>',
      'a consumer that was seen more lately is alive',
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
  const settings = await chosenStream(context, stream);
  const redis = await context.redis();
  const facts = await requireFacts(redis, settings.stream);
  const plan = await planReap(context, facts, groupOf(facts, group, settings), settings, flags);
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'reap-plan',
      data: plan,
      table: () => formatReapPlan(io.stdout, plan),
    });
    return 0;
  }
  if (!options.quiet) io.stderr.write(formatReapPlan(io.stderr, plan));
  const reports = plan.dead.length === 0 ? [] : await confirmAndReap(context, plan, facts);
  await renderResult(io, options, {
    type: 'reaped-consumer',
    data: reports.map((report) => ({ ...report, failure: report.failure?.message ?? null })),
    table: () => formatReapReports(io.stdout, reports),
  });
  const failure = reports.find((report) => report.failure)?.failure;
  if (failure) throw failure;
  return reports.some(({ outcome }) => outcome === 'pending') ? exitCodeOf('partial') : 0;
}

async function planReap(
  context: Context,
  facts: StreamFacts,
  { group }: GroupFacts,
  settings: StreamSettings,
  flags: ReapFlags,
): Promise<ReapPlan> {
  const redis = await context.redis();
  const consumers = await readConsumers(redis, facts.stream, group);
  const { minIdle, consumer: names } = flags;
  for (const name of names ?? []) requireConsumer(consumers, name, group);
  const named = consumers.filter(({ consumer }) => !names || names.includes(consumer));
  const dead = named.filter(({ idleMs }) => idleMs >= minIdle);
  const maxDeliveries = (flags.maxDeliveries ?? settings.maxDeliveries) || null;
  const deadLetter = flags.deadLetter ?? settings.deadLetter;
  if (maxDeliveries !== null) refuseApart(redis, facts.stream, deadLetter);
  const needed = dead.some(({ pending }) => pending > 0);
  const choice = {
    ...{ group, given: flags.to, configured: settings.claimTo, minIdleMs: minIdle },
    ...{ except: dead.map(({ consumer }) => consumer), create: flags.createConsumer === true },
  };
  return {
    ...{ stream: facts.stream, group, minIdleMs: minIdle, dead },
    alive: named.filter(({ idleMs }) => idleMs < minIdle).map(({ consumer }) => consumer),
    to: needed ? chooseTarget(consumers, choice) : null,
    maxDeliveries,
    deadLetterStream: maxDeliveries === null ? null : deadLetter,
  };
}

async function confirmAndReap(context: Context, plan: ReapPlan, facts: StreamFacts): Promise<ReapReport[]> {
  const entries = plan.dead.reduce((sum, { pending }) => sum + pending, 0);
  await context.confirm(
    `Delete ${plan.dead.length} consumers of ${plan.stream} ${plan.group} and move ${grouped(entries)} entries?`,
  );
  const redis = await context.redis();
  const request: ReapRequest = {
    ...{ stream: plan.stream, group: plan.group, to: plan.to?.consumer ?? null, reason: 'max-deliveries' },
    ...{ maxDeliveries: plan.maxDeliveries ?? undefined, deadLetter: plan.deadLetterStream ?? plan.stream },
    legacy: facts.maxDeletedId === null,
  };
  context.onHardStop = () =>
    'stopped at once; no consumer with pending entries was deleted, the same command goes on';
  return withProgress(context, 'reap', async ({ work, progress }) => {
    const reports: ReapReport[] = [];
    for (const consumer of plan.dead) {
      if (context.signal.aborted) break;
      const events = {
        progress: ({ claimed }: { claimed: number }) =>
          progress.update(`${consumer.consumer}: ${grouped(claimed)} claimed`),
      };
      reports.push(await reapConsumer(redis, request, consumer, plan.minIdleMs, work, events));
      if (reports.at(-1)!.failure) break;
    }
    return reports;
  });
}
