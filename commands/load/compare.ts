import { InvalidArgumentError } from 'commander';
import type { DifferenceName, LoadResult } from '../../src/load/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError } from '../stream-work.ts';
import { renderResult } from '../term/render.ts';

/** Flags of `load compare`. */
export interface LoadCompareFlags {
  failOn?: string[];
  alpha?: number;
  acceptDifference?: DifferenceName[];
}

/** As in `DIFFERENCES`, which is only loaded with the rest. */
const ACCEPTED = ['workload', 'machine', 'node', 'verdict'];

const CONDITIONS = `
BASE and CANDIDATE are results files (qctl load run -o json --out-file FILE), each one or several, apart by commas;
all runs of a side are repeats of one another.

Conditions: p99 > +10%, rate < -5%, p99 > +5ms are changes against BASE, and fail only where a test shows that they are
no chance; lost > 0, p99 > 200ms and lag > 1000 are asked of CANDIDATE alone. Times and rates are the median of the
runs, counts those of the worst run. From four runs a side these are tested (Mann-Whitney), else blocks of their seconds.

Exit code: 99 where a condition fails, 8 where it cannot be told, 3 where the runs are not comparable.`;

/** `qctl load compare`. */
export function newCommand(context: Context, entry: CommandEntry, run = runLoadCompare): QctlCommand {
  const command = createCommand(entry)
    .option('--fail-on <condition>', 'exit code 99 where it holds (repeatable)', collected)
    .option('--alpha <p>', 'chance of an error that is accepted (default: 0.05)', parseAlpha)
    .option(
      '--accept-difference <name>',
      `compare although it differs (repeatable): ${ACCEPTED.join(', ')}`,
      parseDifference,
    )
    .addHelpText('after', CONDITIONS);
  addExamples(command, [
    ['qctl load compare before.json after.json', 'what has changed'],
    [
      "qctl load compare before.json after.json --fail-on 'p99 > +10%' --fail-on 'lost > 0'",
      'in CI: exit code 99 where the 99th percentile is more than 10 % up, or anything was lost',
    ],
    ['qctl load compare a1.json,a2.json,a3.json,a4.json b.json -o markdown', 'four files as one side'],
    ['qctl load compare sqs.json redis.json', 'the old side and the new one'],
  ]);
  return command.action((base: string, candidate: string, flags: LoadCompareFlags) =>
    run(context, base, candidate, flags),
  );
}

/** Carries it out. Throws `threshold` where a condition fails, `partial` where it cannot be told. */
export async function runLoadCompare(
  context: Context,
  base: string,
  candidate: string,
  flags: LoadCompareFlags,
): Promise<void> {
  const { compareError, compareLoads, parseCondition } = await import('../../src/load/index.ts');
  const { renderComparison } = await import('./format-compare.ts');
  const conditions = (flags.failOn ?? []).map(parseCondition);
  const comparison = await compareLoads(await resultsOf(base), await resultsOf(candidate), {
    conditions,
    alpha: flags.alpha,
    accept: flags.acceptDifference,
  });
  await renderResult(context.io, context.options, renderComparison(context.io.stdout, comparison));
  const error = compareError(comparison);
  if (error) throw error;
}

async function resultsOf(given: string): Promise<LoadResult[]> {
  const { readResults } = await import('../../src/load/index.ts');
  const paths = given.split(',').filter((path) => path !== '');
  if (paths.length === 0)
    throw usageError(
      `${JSON.stringify(given)} names no file`,
      'NO_RESULTS',
      'name results files, apart by commas',
    );
  return (await Promise.all(paths.map(readResults))).flat();
}

function collected(text: string, before: string[] = []): string[] {
  return [...before, text];
}

function parseAlpha(text: string): number {
  const [, number, percent] = /^(\d*\.?\d+)(%?)$/.exec(text) ?? [];
  const alpha = Number(number) / (percent ? 100 : 1);
  if (alpha > 0 && alpha < 0.5) return alpha;
  throw new InvalidArgumentError('expected a chance such as 0.05 or 1%, below 0.5');
}

function parseDifference(text: string, before: string[] = []): string[] {
  if (ACCEPTED.includes(text)) return [...before, text];
  throw new InvalidArgumentError(`expected ${ACCEPTED.slice(0, -1).join(', ')} or ${ACCEPTED.at(-1)}`);
}
