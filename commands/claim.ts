import { plural } from '../src/model/plural.ts';
import {
  type ClaimPlan,
  type ClaimReport,
  type ClaimRequest,
  type ClaimTarget,
  checkClaimRights,
  claimPending,
  nothingClaimed,
  planClaim,
  requireConsumer,
  type StreamFacts,
} from '../src/streams/index.ts';
import { chosenGroups } from './chosen-streams.ts';
import { type ClaimFlags, type PreparedClaim, prepareClaim } from './claim-request.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import { formatClaimPlan, formatClaimReports } from './format-claim.ts';
import { addConnectionOptions, parseDuration, parseNonNegativeInteger } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { withProgress } from './stream-work.ts';
import { drained } from './term/drained.ts';
import { formatNdjson } from './term/ndjson.ts';
import { grouped } from './term/number.ts';
import { renderResult } from './term/render.ts';

/** `qctl claim STREAM [GROUP]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runClaim): QctlCommand {
  const command = createCommand(entry)
    .option(
      '--to <consumer>',
      'who takes the entries over (default: claimTo of the stream, else the consumer seen last)',
    )
    .option(
      '--min-idle <duration>',
      'leave alone what was delivered more lately (default: minIdle of the stream, else 5m)',
      parseDuration,
    )
    .option('--id <ids...>', 'only these entries')
    .option('--from <consumer>', 'only entries of this consumer')
    .option(
      '--max-deliveries <n>',
      'entries delivered so often become dead letters; 0: none (default: that of the stream)',
      parseNonNegativeInteger,
    )
    .option('--dead-letter <stream>', 'where those go (default: deadLetter of the stream, else STREAM:dead)')
    .option('--reason <text>', 'why, as the dead letters say it (default: max-deliveries)', 'max-deliveries')
    .option('--create-consumer', 'claim for a consumer that does not exist yet');
  command.addHelpText(
    'after',
    '\nWho takes entries over finds them when it reads its own pending entries (XREADGROUP with 0 instead of >), as\nmost programs do when they start.',
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl claim orders workers --to worker-2 --min-idle 5m', 'what worker-1 left behind goes to worker-2'],
    [
      'qctl claim orders workers --max-deliveries 3 --yes',
      'and what failed three times becomes a dead letter',
    ],
    ['qctl claim orders --dry-run', 'the short form: group and limits from qctl.yaml; shows how many'],
  ]);
  return command.action((stream: string | undefined, group: string | undefined, flags: ClaimFlags) =>
    run(context, stream, group, flags),
  );
}

/** Carries it out. */
export async function runClaim(
  context: Context,
  stream: string | undefined,
  group: string | undefined,
  flags: ClaimFlags,
): Promise<number> {
  const claims: PreparedClaim[] = [];
  const chosen = await chosenGroups(context, stream, group);
  for (const one of chosen) claims.push(await prepareClaim(context, one, flags, chosen.length === 1));
  if (flags.from !== undefined) requireAnywhere(claims, flags.from);
  const plans = await planAll(context, claims);
  context.signal.throwIfAborted();
  if (context.options.dryRun) return renderPlans(context, plans);
  const { io, options } = context;
  if (!options.quiet) io.stderr.write(plans.map((plan) => formatClaimPlan(io.stderr, plan)).join('\n'));
  const nothing = plans.every(({ ids, claim, deadLetter }) => !ids && claim === 0 && deadLetter === 0);
  if (!nothing) {
    await checkClaimRights(
      await context.redis(),
      claims.flatMap(({ request, target }) => (target ? [request] : [])),
    );
    await context.confirm(questionOf(plans));
  }
  // What has become old enough since the plan was made waits for the next claim: nobody was asked about it.
  const reports = nothing
    ? claims.map(({ request, target }) => nothingLookedAt(request, target))
    : await claimAll(context, claims);
  await renderResult(io, options, {
    type: 'claim-report',
    data: withMessage(reports),
    table: () => formatClaimReports(io.stdout, reports),
  });
  const failure = reports.find((report) => report.failure)?.failure;
  if (failure) throw failure;
  return reports.some(({ kept, notPending }) => kept + notPending > 0) ? exitCodeOf('partial') : 0;
}

/** One of several streams need not know a consumer; where none does, the name is a mistake. */
function requireAnywhere(claims: readonly PreparedClaim[], consumer: string): void {
  const all = claims.flatMap(({ consumers }) => consumers);
  requireConsumer(all, consumer, claims[0]!.request.group);
}

function withMessage(reports: readonly ClaimReport[]): object {
  const shown = reports.map((report) => ({ ...report, failure: report.failure?.message ?? null }));
  return shown.length === 1 ? shown[0]! : shown;
}

/** Nobody decides by the counts where nobody is asked: going through a long list is left out then. */
async function planAll(context: Context, claims: readonly PreparedClaim[]): Promise<ClaimPlan[]> {
  const { dryRun, yes } = context.options;
  const redis = await context.redis();
  return withProgress(context, 'count', async ({ work }) => {
    const plans: ClaimPlan[] = [];
    for (const { facts, groupFacts, request, target } of claims)
      plans.push(await planClaim(redis, facts, groupFacts, request, target, { count: dryRun || !yes, work }));
    return plans;
  });
}

async function renderPlans(context: Context, plans: ClaimPlan[]): Promise<number> {
  const { io, options } = context;
  await renderResult(io, options, {
    type: 'claim-plan',
    data: plans.length === 1 ? plans[0]! : plans,
    table: () => plans.map((plan) => formatClaimPlan(io.stdout, plan)).join('\n'),
  });
  return 0;
}

function questionOf(plans: readonly ClaimPlan[]): string {
  const [first] = plans;
  const count = plans.reduce((sum, plan) => sum + (plan.claim ?? 0) + (plan.deadLetter ?? 0), 0);
  const of = plans.length === 1 ? `${first!.stream} ${first!.group}` : `${plans.length} streams`;
  return `Claim ${grouped(count)} ${plural(count, 'pending entry')} of ${of}?`;
}

async function claimAll(context: Context, claims: readonly PreparedClaim[]): Promise<ClaimReport[]> {
  const reports: ClaimReport[] = [];
  for (const { facts, request, target } of claims) {
    if (context.signal.aborted || reports.some(({ failure }) => failure)) reports.push(notBegun(request));
    else reports.push(target ? await claimOne(context, facts, request) : nothingLookedAt(request, target));
  }
  return reports;
}

/** Whoever reads the report must see that this one is still to be done. */
function notBegun(request: ClaimRequest): ClaimReport {
  return { ...nothingClaimed(request), tooYoung: null, stopped: true };
}

function nothingLookedAt(request: ClaimRequest, target: ClaimTarget | null): ClaimReport {
  return { ...nothingClaimed(request), to: target?.consumer ?? null, tooYoung: null };
}

async function claimOne(
  context: Context,
  { stream }: StreamFacts,
  request: ClaimRequest,
): Promise<ClaimReport> {
  const redis = await context.redis();
  const { io, options } = context;
  const entry = (outcome: string, id: string): void =>
    io.stdout.write(formatNdjson({ type: 'claim-entry', outcome, stream, group: request.group, id }));
  context.onHardStop = () =>
    'stopped at once; what was claimed so far stays claimed, the same command goes on';
  return withProgress(context, `claim from ${stream}`, ({ work, progress }) =>
    claimPending(redis, request, work, {
      progress: (report) => progress.update(progressLine(report)),
      ...(options.output === 'ndjson' &&
        options.outFile === undefined && { entry, written: () => drained(io.stdout) }),
    }),
  );
}

function progressLine({ stream, claimed, deadLettered, removed }: Readonly<ClaimReport>): string {
  const parts = [`${stream}: ${grouped(claimed)} claimed`];
  if (deadLettered > 0) parts.push(`${grouped(deadLettered)} ${plural(deadLettered, 'dead letter')}`);
  if (removed > 0) parts.push(`${grouped(removed)} trimmed away`);
  return parts.join(' · ');
}
