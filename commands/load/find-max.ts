import { InvalidArgumentError } from 'commander';
import { QctlError } from '../../src/errors.ts';
import type { FindMaxOptions, LoadDoors, LoadMax, LoadProfile } from '../../src/load/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parseDuration, parseRate } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';
import { loadDoors, type SqsFlags } from './doors.ts';
import { addWorkloadOptions, type ProfileFlags, profileFrom } from './profile-options.ts';

/** Flags of `load find-max`. Rates are messages a second, durations ms, the precision a part. */
export interface FindMaxFlags extends ProfileFlags, SqsFlags {
  slo: string;
  start: number;
  max: number;
  stepDuration: number;
  hold: number;
  precision: number;
}

const HOW = `
The rate is doubled until the objective fails, then the gap between the last good and the first bad rate is halved until
it is within the precision, and at last the rate that was found is held for longer. A run is good where the objective
holds, 99 % of the rate was reached, nothing was lost, and this host was not in its own way. What fails is run twice.
Rate, times, thresholds and faults of the profile are left out.

Exit code: 0 where a rate was found, 99 where not even the first one holds. Ctrl-C ends it with what is known so far.`;

/** `qctl load find-max [PROFILE]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runFindMax): QctlCommand {
  const command = addWorkloadOptions(createCommand(entry))
    .requiredOption('--slo <condition>', "what must hold: 'p99 < 200ms and lag < 1000'")
    .option('--start <rate>', 'the first rate (default: 100/s)', parseRate, 100)
    .option('--max <rate>', 'the highest rate that may be tried (default: 100000/s)', parseRate, 100_000)
    .option('--step-duration <duration>', 'how long each rate is tried (default: 10s)', parseDuration, 10_000)
    .option('--hold <duration>', 'how long what was found is held (default: 30s)', parseDuration, 30_000)
    .option('--precision <percent>', 'how near it has to come (default: 5%)', parsePrecision, 0.05);
  addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
  command.addHelpText('after', HOW);
  addExamples(command, [
    ["qctl load find-max --slo 'p99 < 200ms and lag < 1000'", 'of Redis, with messages of 1 KB'],
    ["qctl load find-max orders.yaml --slo 'p99 < 50ms' --start 1000/s --max 20000/s", 'of a profile'],
    [
      "qctl load find-max orders.yaml --slo 'p99 < 50ms' --dry-run",
      'what would be tried, and how long it takes',
    ],
  ]);
  return command.action((file: string | undefined, flags: FindMaxFlags) => run(context, file, flags));
}

/** One load run. */
type RunLoad = typeof import('../../src/load/index.ts').runLoad;

/**
 * Carries it out. Throws `threshold` where no rate holds; the exit code of a stop is up to the caller.
 *
 * @param load default: that of the library
 */
export async function runFindMax(
  context: Context,
  file: string | undefined,
  flags: FindMaxFlags,
  load?: RunLoad,
): Promise<void> {
  const search = await searchOf(context, flags);
  const profile = await profileFrom(file, {
    ...flags,
    rate: `${flags.start}/s`,
    duration: `${flags.stepDuration}ms`,
  });
  const doors = loadDoors(context, flags);
  if (context.options.dryRun) return showPlan(context, profile, search, doors);
  const { renderMax } = await import('./format-max.ts');
  const startedAt = context.now();
  const found = await searchWith(context, profile, search, doors, load);
  const data = { ...found, startedAt: startedAt.toISOString(), endedAt: context.now().toISOString() };
  await renderResult(context.io, context.options, renderMax(context.io.stdout, data));
  if (found.verdict === 'none') throw noRate(found);
}

async function searchOf(context: Context, flags: FindMaxFlags): Promise<FindMaxOptions> {
  const { MEASURES } = await import('../../src/load/index.ts');
  const { parseExpression } = await import('../../src/checks/index.ts');
  if (flags.max < flags.start)
    throw usageError(
      `--max ${flags.max}/s is below --start ${flags.start}/s`,
      'RATES_REVERSED',
      'begin lower, or allow more',
    );
  return {
    slo: parseExpression(flags.slo, MEASURES),
    startRate: flags.start,
    maxRate: flags.max,
    stepMs: flags.stepDuration,
    holdMs: flags.hold,
    precision: flags.precision,
    signal: context.signal,
  };
}

async function showPlan(
  context: Context,
  profile: LoadProfile,
  search: FindMaxOptions,
  doors: LoadDoors,
): Promise<void> {
  const { planLoad, probeProfile } = await import('../../src/load/index.ts');
  const { renderSearch } = await import('./format-max.ts');
  const { target } = await planLoad(probeProfile(profile, search.startRate, search.stepMs), doors);
  await renderResult(context.io, context.options, renderSearch(context.io.stdout, target, search));
}

async function searchWith(
  context: Context,
  profile: LoadProfile,
  search: FindMaxOptions,
  doors: LoadDoors,
  load?: RunLoad,
): Promise<LoadMax> {
  const { findMax, probeProfile, runLoad } = await import('../../src/load/index.ts');
  const { followSearch } = await import('./follow-search.ts');
  const follow = followSearch(context, search);
  const told = { onAttempt: follow.attempt, onProbe: follow.probe };
  context.finishing = 'the run in hand';
  try {
    return await findMax({ ...search, ...told }, (rate, durationMs) =>
      (load ?? runLoad)(probeProfile(profile, rate, durationMs), doors, {
        signal: context.signal,
        version: context.version,
        onPlan: follow.plan,
        onProgress: follow.progress,
      }),
    );
  } finally {
    follow.stop();
  }
}

function noRate({ slo, reasons, limitedBy }: LoadMax): QctlError {
  return new QctlError('threshold', `no rate was found at which ${slo}: ${reasons.join(', ')}`, {
    code: 'LOAD_MAX_NONE',
    hint: [
      limitedBy === 'generator'
        ? 'it was this host that could not keep up: run it on one with more CPU, or with fewer consumers'
        : 'begin lower with --start, or ask for less with --slo',
    ],
  });
}

const MOST_PRECISION = 0.5;
const LEAST_PRECISION = 0.005;

function parsePrecision(text: string): number {
  const [, number] = /^(\d+(?:\.\d+)?)%$/.exec(text) ?? [];
  const part = Number(number) / 100;
  if (part >= LEAST_PRECISION && part <= MOST_PRECISION) return part;
  throw new InvalidArgumentError('expected a percentage from 0.5% to 50%');
}
