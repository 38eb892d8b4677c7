import { QctlError } from '../../src/errors.ts';
import { plural } from '../../src/model/plural.ts';
import {
  checkTrimRights,
  firstIdOf,
  parsePosition,
  planTrim,
  refuseLoss,
  type StreamFacts,
  type StreamSettings,
  type TrimBound,
  type TrimPlan,
  trimAsPlanned,
} from '../../src/streams/index.ts';
import { type ChosenStream, chosenFacts } from '../chosen-streams.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parseNonNegativeInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError, withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatTrimmed, formatTrimPlan, type Trimmed } from './format-trim.ts';

interface TrimFlags {
  maxLen?: number;
  minId?: string;
  acknowledged?: boolean;
  approximate?: boolean;
  force?: boolean;
}

/** `qctl stream trim STREAM`. */
export function newCommand(context: Context, entry: CommandEntry, run = runTrim): QctlCommand {
  const command = createCommand(entry)
    .option('--max-len <n>', 'keep so many entries, the newest', parseNonNegativeInteger)
    .option('--min-id <position>', 'keep what is not older: an id, a time, or 7d for seven days ago')
    .option('--acknowledged', 'cut what every group has acknowledged, nothing else')
    .option('--approximate', 'leave a node of entries whole where only a part of it would go')
    .option('--force', 'cut also what groups have not got or not acknowledged: it is lost then');
  command.addHelpText('after', '\nWithout a bound, maxLen and maxAge of the stream in qctl.yaml hold.');
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl stream trim orders --acknowledged', 'frees memory, and no consumer misses anything'],
    [
      'qctl stream trim orders --max-len 1000000 --dry-run',
      'how many would go, and who still needs some of them',
    ],
  ]);
  return command.action((stream: string | undefined, flags: TrimFlags) => run(context, stream, flags));
}

/** Carries it out. */
export async function runTrim(context: Context, stream: string | undefined, flags: TrimFlags): Promise<void> {
  const { io, options } = context;
  const plans = await planAll(context, await chosenFacts(context, stream), flags);
  if (options.dryRun)
    await renderResult(io, options, {
      type: 'trim-plan',
      data: plans,
      table: () => formatTrimPlan(io.stdout, plans),
    });
  else if (!options.quiet) io.stderr.write(formatTrimPlan(io.stderr, plans));
  if (!flags.force) plans.forEach(refuseLoss);
  if (options.dryRun) return;
  await checkTrimRights(await context.redis(), plans);
  const cut = plans.reduce((sum, plan) => sum + plan.cut, 0);
  if (cut > 0)
    await context.confirm(
      `Cut ${grouped(cut)} ${plural(cut, 'entry')} from ${plans.length === 1 ? plans[0]!.stream : `${plans.length} streams`}?`,
    );
  const trimmed = await trimAll(context, plans, flags);
  await renderResult(io, options, {
    type: 'trimmed-stream',
    data: trimmed.map((one) => ({ ...one, failure: one.failure?.message ?? null })),
    table: () => formatTrimmed(io.stdout, trimmed),
  });
  const failure = trimmed.at(-1)?.failure;
  if (failure) throw failure;
}

async function planAll(
  context: Context,
  streams: readonly ChosenStream[],
  flags: TrimFlags,
): Promise<TrimPlan[]> {
  const redis = await context.redis();
  const { defaults } = await context.config();
  const plans: TrimPlan[] = [];
  for (const { settings, facts } of streams) {
    // REDIS_MAX_LEN is about the stream of REDIS_STREAM_NAME, not about all that a pattern finds.
    const maxLen = settings.maxLen ?? (settings.stream === defaults.stream ? defaults.maxLen : undefined);
    for (const bound of boundsOf(facts, { ...settings, maxLen }, flags))
      plans.push(await withProgress(context, 'count', ({ work }) => planTrim(redis, facts, bound, work)));
    context.signal.throwIfAborted();
  }
  return strongest(plans);
}

/** Of several bounds on one stream the one that cuts most. */
function strongest(plans: readonly TrimPlan[]): TrimPlan[] {
  const best = new Map<string, TrimPlan>();
  for (const plan of plans) {
    const known = best.get(plan.stream);
    if (!known || plan.cut > known.cut) best.set(plan.stream, plan);
  }
  return [...best.values()];
}

function boundsOf(facts: StreamFacts, settings: StreamSettings, flags: TrimFlags): TrimBound[] {
  const { maxLen, minId, acknowledged } = flags;
  if ([maxLen, minId, acknowledged].filter((bound) => bound !== undefined).length > 1)
    throw usageError(
      '--max-len, --min-id and --acknowledged exclude each other',
      'TRIM_BOUND',
      'give one of them',
    );
  if (acknowledged) return [acknowledgedBound(facts)];
  if (maxLen !== undefined) return [{ kind: 'maxLen', length: maxLen }];
  if (minId !== undefined) return [{ kind: 'minId', id: minIdOf(minId, facts) }];
  return conventions(facts, settings);
}

function conventions({ stream, timeMs }: StreamFacts, { maxLen, maxAgeMs }: StreamSettings): TrimBound[] {
  const bounds: TrimBound[] = [];
  if (maxLen !== undefined) bounds.push({ kind: 'maxLen', length: maxLen });
  if (maxAgeMs !== undefined) bounds.push({ kind: 'minId', id: `${Math.max(0, timeMs - maxAgeMs)}-0` });
  if (bounds.length > 0) return bounds;
  throw usageError(
    `nothing says how much of ${stream} is to stay`,
    'TRIM_BOUND',
    'give --max-len, --min-id or --acknowledged',
    `or set maxLen or maxAge of ${stream} in qctl.yaml`,
  );
}

function minIdOf(text: string, facts: StreamFacts): string {
  const id = firstIdOf(parsePosition(text, facts.timeMs));
  if (id !== '+') return id;
  throw usageError('--min-id end would cut everything', 'TRIM_BOUND', 'use --max-len 0 for that');
}

function acknowledgedBound({ stream, groups }: StreamFacts): TrimBound {
  if (groups.length > 0) return { kind: 'acknowledged' };
  throw new QctlError('refused', `stream ${stream} has no groups: nothing tells what was acknowledged`, {
    code: 'NO_GROUPS',
    hint: ['cut by --max-len or --min-id'],
    details: { stream },
  });
}

async function trimAll(context: Context, plans: readonly TrimPlan[], flags: TrimFlags): Promise<Trimmed[]> {
  const redis = await context.redis();
  const how = { force: flags.force === true, approximate: flags.approximate === true };
  const done: Trimmed[] = [];
  context.onHardStop = () => 'stopped at once; what was cut stays cut, the same command goes on';
  for (const plan of plans) {
    if (context.signal.aborted || done.at(-1)?.failure) break;
    const report = await withProgress(context, 'trim', ({ work, progress }) =>
      trimAsPlanned(redis, plan, how, work, (cut) => progress.update(`${plan.stream}: ${grouped(cut)} cut`)),
    );
    done.push({ ...plan, ...report });
  }
  return done;
}
