import { QctlError } from '../../src/errors.ts';
import type { LoadDoors, LoadPlan, LoadProfile, LoadResult } from '../../src/load/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { loadDoors, type SqsFlags } from './doors.ts';
import { followLoad } from './follow.ts';
import { formatLoadPlan } from './format-plan.ts';
import {
  addScheduleOptions,
  addWorkloadOptions,
  type ProfileFlags,
  parseRepeat,
  profileFrom,
} from './profile-options.ts';

/** The flags of `load run`. */
export interface RunFlags extends ProfileFlags, SqsFlags {
  repeat?: number;
  save?: string;
}

/** `qctl load run [FILE]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runLoadRun): QctlCommand {
  const command = addScheduleOptions(addWorkloadOptions(createCommand(entry)));
  command
    .option(
      '--repeat <n>',
      'run it so often, one after the other: what load compare needs to be sure',
      parseRepeat,
    )
    .option('--save <path>', 'write the results there, too: for load report and load compare');
  addConnectionOptions(command, ['redis', 'postgres', 'sqs']);
  command.addHelpText('after', `\n${ENDS}`);
  addExamples(command, [
    ['qctl load run --rate 1000/s --count 10000', 'into a stream of its own, which is gone afterwards'],
    [
      "qctl load run profile.yaml --threshold 'p99 < 10ms' --save before.json",
      'a profile; 99 where it fails',
    ],
    ['qctl load run --target postgres --rate 500/s --duration 30s', 'the same against a job table'],
    ['qctl load run profile.yaml --dry-run', 'what would be sent where'],
  ]);
  return command.action((file: string | undefined, flags: RunFlags) => run(context, file, flags));
}

const ENDS = `It ends with 0 passed, 99 a threshold failed, 1 the result is invalid (this host could not keep the schedule) or
the target's memory ran short. Ctrl-C ends it early, with the result so far.`;

/** Carries it out; the exit code of a stop is up to the caller. */
export async function runLoadRun(context: Context, file: string | undefined, flags: RunFlags): Promise<void> {
  const { io, options } = context;
  const profile = await profileFrom(file, flags);
  const doors = loadDoors(context, flags);
  if (options.dryRun) {
    const { planLoad } = await import('../../src/load/index.ts');
    const plan = await planLoad(profile, doors);
    return renderResult(io, options, {
      type: 'load-plan',
      data: plan,
      table: () => formatLoadPlan(io.stdout, plan),
    });
  }
  if (flags.save !== undefined) await requireWritable(flags.save);
  const results = await runAll(context, profile, doors, flags.repeat ?? 1);
  const { writeResults } = await import('../../src/load/index.ts');
  if (flags.save !== undefined && results.length > 0) await writeResults(flags.save, results);
  const { render } = await import('./render.ts');
  await renderResult(io, options, render(io.stdout, results, options.verbose));
  if (!context.signal.aborted) refuse(results);
}

async function runAll(
  context: Context,
  profile: LoadProfile,
  doors: LoadDoors,
  repeat: number,
): Promise<LoadResult[]> {
  const { runLoad } = await import('../../src/load/index.ts');
  const results: LoadResult[] = [];
  for (let at = 1; at <= repeat && !context.signal.aborted; at += 1) {
    const follow = followLoad(context, repeat > 1 ? `${at} of ${repeat}: ` : '');
    try {
      results.push(
        await runLoad(profile, doors, {
          signal: context.signal,
          version: context.version,
          onPlan: (plan) => begin(context, plan, at === 1),
          onProgress: (progress) => follow.progress(progress),
        }),
      );
    } finally {
      follow.stop();
    }
  }
  return results;
}

/** Says what is about to happen, and asks where others would feel it. */
async function begin(context: Context, plan: LoadPlan, first: boolean): Promise<void> {
  if (!first) return;
  const { io, options } = context;
  if (!options.quiet) io.stderr.write(formatLoadPlan(io.stderr, plan));
  if (plan.disturbs.length > 0)
    await context.confirm(`${plan.disturbs.join(', ')}: everybody on ${plan.target.label} feels it. Go on?`);
}

async function requireWritable(path: string): Promise<void> {
  const { requireWritableFile } = await import('../term/out-file.ts');
  await requireWritableFile(path);
}

function refuse(results: readonly LoadResult[]): void {
  const bad = results.find(({ verdict }) => verdict !== 'passed');
  if (!bad) return;
  const why = bad.reasons[0] ?? bad.verdict;
  const { kind, code, said, hint } = ENDINGS[bad.verdict as keyof typeof ENDINGS];
  throw new QctlError(kind, `load test ${bad.run}: ${said}${why}`, { code, hint: [hint] });
}

const ENDINGS = {
  failed: {
    kind: 'threshold',
    code: 'LOAD_FAILED',
    said: '',
    hint: 'the report above has all numbers; qctl load report shows them again from a file of --save',
  },
  invalid: {
    kind: 'failed',
    code: 'LOAD_INVALID',
    said: 'the result is invalid: ',
    hint: 'run it on a host with more CPU, with a lower rate, or with fewer consumers',
  },
  stopped: {
    kind: 'failed',
    code: 'LOAD_STOPPED',
    said: 'it was stopped: ',
    hint: 'memoryLimit: of the profile says how much of its memory the target may use',
  },
} as const;
