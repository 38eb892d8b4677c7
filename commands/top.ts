import { Option } from 'commander';
import { QctlError } from '../src/errors.ts';
import type { Overview, Seen, Snapshot } from '../src/overview/index.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { metricDoors } from './metric-doors.ts';
import { addConnectionOptions, parseWatchInterval } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { usageError } from './stream-work.ts';
import { drained } from './term/drained.ts';
import { formatNdjson } from './term/ndjson.ts';
import { renderResult } from './term/render.ts';
import { VIEW_NAMES, type ViewName } from './top/place.ts';

interface TopFlags {
  interval?: number;
  once?: boolean;
  match?: string;
  sort?: string;
  view?: ViewName;
}

/** `qctl top`. */
export function newCommand(context: Context, entry: CommandEntry, run = runTop): QctlCommand {
  const command = createCommand(entry)
    .addOption(new Option('--view <view>', 'what is shown first (default: streams)').choices(VIEW_NAMES))
    .option(
      '--interval <duration>',
      'from the start of one look to the start of the next (default: 1s)',
      parseWatchInterval,
    )
    .option('--match <pattern>', 'only streams that match: orders:*')
    .option(
      '--sort <column>',
      'sort the first view by this column, as it is called there: lag, pending, state',
    )
    .option('--once', 'print one look and end, as in a pipe');
  addConnectionOptions(command, ['redis']);
  command.addHelpText('after', `\n${NUANCES}`);
  addExamples(command, [
    ['qctl top', 'everything; ? shows the keys'],
    ["qctl top --match 'orders:*' --sort lag", 'some streams, the one that is behind most first'],
    ['qctl top --once --view breakers', 'the circuit breakers, once'],
    ['qctl top -o ndjson', 'a line of JSON for each look, until Ctrl-C'],
  ]);
  return command.action((flags: TopFlags) => run(context, flags));
}

const NUANCES = `Keys: 1-7 or Tab views, arrows, Enter opens, Esc goes back, / filters, s sorts, p holds, ? explains, q quits.
In a pipe, and on a terminal that cannot be drawn on, one look is printed. Rates need two looks, so that it takes an
interval. A Redis that goes away ends nothing: what is shown is grey then, and goes on when it is back.`;

/** Carries it out. */
export async function runTop(context: Context, flags: TopFlags): Promise<void> {
  context.stopsAtOnce = true;
  const follows = context.options.output === 'ndjson' && !flags.once;
  await refuseConflicts(context, flags, follows);
  // What is wrong with the connection at the start is an error like any other.
  await context.redis();
  const { openOverview } = await import('../src/overview/index.ts');
  const { match, interval: intervalMs } = flags;
  const overview = openOverview(metricDoors(context), { intervalMs, match });
  context.onCleanup(() => overview.close());
  const first = await firstLook(context, overview);
  if (!first) return;
  if (follows) return followLooks(context, overview, first);
  if (isLive(context, flags)) return showLive(context, overview, first, flags);
  await printOnce(context, await laterLook(context, overview, first), flags);
}

async function refuseConflicts(
  { options }: Context,
  { sort, view = 'streams' }: TopFlags,
  follows: boolean,
): Promise<void> {
  if (follows && options.outFile !== undefined)
    throw usageError(
      '--out-file is written at the end, -o ndjson has none',
      'FOLLOW_CONFLICT',
      'add --once, or redirect stdout',
    );
  if (sort === undefined) return;
  const { sortsOfView } = await import('./top/sorts.ts');
  const known = sortsOfView(view);
  if (known.includes(sort)) return;
  const hint = known.length === 0 ? 'leave out --sort' : `it can be sorted by ${known.join(', ')}`;
  throw usageError(`there is no column ${sort} in the view ${view} to sort by`, 'SORT_UNKNOWN', hint);
}

/** Undefined where a signal came first. Throws where Redis could not be looked at. */
async function firstLook({ signal }: Context, overview: Overview): Promise<Snapshot | undefined> {
  const seen = await Promise.race([overview.first(), aborted(signal)]);
  if (!seen) return undefined;
  if (seen.snapshot) return seen.snapshot;
  throw new QctlError('target', `cannot look at Redis: ${seen.away?.why ?? 'it did not answer'}`, {
    code: 'REDIS_AWAY',
    hint: ['check that it runs and can be reached from here'],
  });
}

function aborted(signal: AbortSignal): Promise<undefined> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(undefined);
    signal.addEventListener('abort', () => resolve(undefined), { once: true });
  });
}

function isLive({ io, env, options }: Context, { once }: TopFlags): boolean {
  if (once || options.output !== 'table' || options.outFile !== undefined) return false;
  // A terminal that does not know its width (some containers say 0) cannot be drawn on.
  return io.stdout.isTTY && !io.ci && env.TERM !== 'dumb' && io.stdout.stream.columns > 0;
}

async function showLive(
  context: Context,
  overview: Overview,
  first: Snapshot,
  flags: TopFlags,
): Promise<void> {
  const [{ LiveView }, { initialState }] = await Promise.all([
    import('./top/live.ts'),
    import('./top/state.ts'),
  ]);
  const state = initialState(flags.view ?? 'streams', flags.sort ?? null);
  await new LiveView(context, overview, first, state).show();
}

/** The second look, which knows rates; the first where it does not come. */
async function laterLook({ signal }: Context, overview: Overview, first: Snapshot): Promise<Snapshot> {
  const seen = await Promise.race([nextSeen(overview), aborted(signal)]);
  return seen?.snapshot ?? first;
}

function nextSeen(overview: Overview): Promise<Seen> {
  return new Promise((resolve) => {
    const unsubscribe = overview.subscribe((seen) => {
      unsubscribe();
      resolve(seen);
    });
  });
}

async function printOnce(context: Context, snapshot: Snapshot, { view, sort }: TopFlags): Promise<void> {
  const { io, options } = context;
  const { formatSnapshot } = await import('./top/plain.ts');
  await renderResult(io, options, {
    type: 'snapshot',
    data: snapshot,
    table: () => formatSnapshot(io.stdout, snapshot, context.now(), { view, sort: sort ?? null }),
  });
}

/** A line for each look, also for one that failed, until a signal comes. */
async function followLooks(
  { io: { stdout }, signal }: Context,
  overview: Overview,
  first: Snapshot,
): Promise<void> {
  const print = ({ snapshot, away }: Seen) => {
    // Who reads slowly misses looks instead of being told old ones.
    if (stdout.stream.writableNeedDrain) return;
    stdout.write(formatNdjson(away ? { type: 'away', ...away } : { type: 'snapshot', ...snapshot }));
  };
  print({ snapshot: first, away: null });
  const unsubscribe = overview.subscribe(print);
  await aborted(signal);
  unsubscribe();
  await drained(stdout);
}
