import { Option } from 'commander';
import { findSimilar } from '../../src/config/similar.ts';
import type { CutoverHost, CutoverOptions, CutoverPlan } from '../../src/cutover/index.ts';
import { QctlError } from '../../src/errors.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { parseDuration } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { formatFinding } from '../term/finding.ts';
import { renderResult } from '../term/render.ts';
import { carryOut, optionsOf, type WorkFlags } from './carry-out.ts';
import { followCutover } from './follow.ts';
import {
  addPlanConnections,
  addSetOption,
  OTHER_REDIS,
  planKept,
  planOf,
  REASON,
  type SetFlags,
} from './options.ts';
import { useKeptProfile, useRunProfile } from './run-profile.ts';

/** The flags of `cutover run`. */
export interface RunFlags extends SetFlags, WorkFlags {
  resume?: string;
  allowFailing?: string[];
  rollbackOnInterrupt?: boolean;
}

/** `qctl cutover run FILE`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverRun): QctlCommand {
  const command = addSetOption(createCommand(entry));
  command
    .option(
      '--rehearse',
      'run it and its rollback in a sandbox: stubs for commands, copies of files, names of its own',
    )
    .option('--resume <run>', 'take up this run where it stands');
  addWorkOptions(command)
    .option('--accept-plan-change', 'with --resume and a file: go on although the plan is another by now')
    .option('--allow-failing <name...>', 'start although this check fails already')
    .option('--lock-wait <duration>', 'wait so long for the lock of the plan', parseDuration)
    .option('--rollback-on-interrupt', 'Ctrl-C goes back, in place of leaving the run to be resumed');
  addPlanConnections(command).addHelpText('after', `\n${ENDS}`);
  addExamples(command, [
    ['qctl cutover run night.yaml --dry-run', 'what speaks against it today; changes nothing'],
    ['qctl cutover run night.yaml --rehearse', 'forwards and back in a sandbox'],
    ['qctl cutover run night.yaml --yes --no-wait --reason CHG-4711', 'in CI: ends with 11 at an approval'],
  ]);
  return command.action((file: string | undefined, flags: RunFlags) => run(context, file, flags));
}

/** Adds the flags of whatever takes up a run. */
export function addWorkOptions<C extends QctlCommand>(command: C): C {
  return command
    .addOption(
      new Option(
        '--assume <outcome>',
        'of the step in hand, or that failed, where nobody knows whether it was done: it was, or it was not',
      ).choices(['done', 'undone']),
    )
    .option('--no-wait', 'end with 11 where it would wait for an approval or in a pause')
    .option('--confirm-each', 'ask before each step')
    .option(...OTHER_REDIS)
    .option(...REASON);
}

const ENDS = `It ends with 0 completed, 12 rolled back, 13 rollback failed, 11 paused or waiting, 10 locked, 3 refused. Ctrl-C
leaves the run to be resumed: qctl cutover resume RUN, or qctl rollback RUN.`;

/** Carries it out. Returns the exit code. */
export async function runCutoverRun(
  context: Context,
  file: string | undefined,
  flags: RunFlags,
): Promise<number> {
  if (flags.resume !== undefined && flags.rehearse) throw rehearsesWhole();
  if (flags.resume !== undefined) return takeUp(context, flags.resume, file, flags);
  if (file === undefined) throw noFile();
  const plan = asAsked(await planOf(context, file, flags), flags);
  const { requireBudget, startCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  if (context.options.dryRun) return preview(context, plan, flags);
  requireBudget(plan);
  if (flags.rehearse) return rehearse(context, plan, flags);
  await showPlan(context, plan);
  await context.confirm(`Run ${plan.name}, ${plan.steps.length} steps?`);
  const host = await cutoverHost(context);
  const options = await optionsOf(context, flags);
  return carryOut(context, (events, signal) => startCutover(plan, host, options, events, signal));
}

/** Forwards and back in a sandbox. 99 where something is missing that the night would need. */
async function rehearse(context: Context, plan: CutoverPlan, flags: RunFlags): Promise<number> {
  const { io, options, signal } = context;
  const { rehearseCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const { formatRehearsal } = await import('./format-rehearsal.ts');
  const host = await cutoverHost(context);
  const following = followCutover(context);
  const chosen = await optionsOf(context, flags);
  const report = await rehearseCutover(plan, host, chosen, following, signal).finally(() => following.stop());
  await renderResult(io, options, {
    type: 'cutover-rehearsal',
    data: report,
    table: () => formatRehearsal(io.stdout, report),
  });
  return report.passed ? 0 : exitCodeOf('threshold');
}

/** Goes on with a run; with a file by that plan, else by the one that its journal has kept. */
export async function takeUp(
  context: Context,
  run: string,
  file: string | undefined,
  flags: RunFlags,
): Promise<number> {
  const { keptStatus, resumeCutover } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const given = file === undefined ? undefined : await planOf(context, file, flags);
  await useKeptProfile(context, run);
  const host = await cutoverHost(context);
  const options = await optionsOf(context, flags);
  await useRunProfile(context, host, run, options);
  const plan = asAsked(given ?? (await planKept(host, run, options)), flags);
  if (context.options.dryRun) return foresee(context, run, plan, host, options);
  if (!context.options.quiet) {
    const { formatStatus } = await import('./format-status.ts');
    const status = await keptStatus(host, run, plan, options);
    context.io.stderr.write(formatStatus(context.io.stderr, status, context.now()));
  }
  await context.confirm(`Go on with ${run}?`);
  return carryOut(context, (events, signal) => resumeCutover(run, plan, host, options, events, signal));
}

/** What taking a run up would do. Changes nothing. */
async function foresee(
  { io, options: global, now }: Context,
  run: string,
  plan: CutoverPlan,
  host: CutoverHost,
  options: CutoverOptions,
): Promise<number> {
  const { keptStatus, planResume } = await import('../../src/cutover/index.ts');
  const { formatStatus } = await import('./format-status.ts');
  const { formatResume } = await import('./format-resume.ts');
  const foreseen = await planResume(run, plan, host, options);
  const status = await keptStatus(host, run, plan, options);
  await renderResult(io, global, {
    type: 'cutover-resume-plan',
    data: { ...foreseen, status },
    table: () => `${formatStatus(io.stdout, status, now())}\n${formatResume(io.stdout, foreseen, plan)}`,
  });
  return 0;
}

/** The plan with what the flags say of it. Throws `usage` for a check that it does not have. */
function asAsked(plan: CutoverPlan, { allowFailing = [], rollbackOnInterrupt }: RunFlags): CutoverPlan {
  const names = plan.checks.map(({ name }) => name);
  for (const name of allowFailing) if (!names.includes(name)) throw unknownCheck(name, names);
  const { rollback } = plan;
  return {
    ...plan,
    checks: plan.checks.map((check) =>
      allowFailing.includes(check.name) ? { ...check, allowFailing: true } : check,
    ),
    rollback: { ...rollback, onInterrupt: rollbackOnInterrupt ?? rollback.onInterrupt },
  };
}

async function showPlan({ io, options }: Context, plan: CutoverPlan): Promise<void> {
  if (options.quiet) return;
  const { formatPlan } = await import('./format-plan.ts');
  io.stderr.write(`${formatPlan(io.stderr, plan)}\n`);
}

/** The plan and what speaks against it. Changes nothing. */
async function preview(context: Context, plan: CutoverPlan, flags: RunFlags): Promise<number> {
  const { io, options, signal } = context;
  const { previewCutover, requireBudget } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const { formatPlan } = await import('./format-plan.ts');
  const { planToJson } = await import('./plan-json.ts');
  const host = await cutoverHost(context);
  const findings = await previewCutover(plan, host, await optionsOf(context, flags), signal);
  await renderResult(io, options, {
    type: 'cutover-plan',
    data: { ...planToJson(plan), findings },
    table: () =>
      formatPlan(io.stdout, plan) + findings.map((finding) => formatFinding(io.stdout, finding)).join(''),
  });
  requireBudget(plan);
  return findings.some(({ level }) => level === 'blocker') ? exitCodeOf('refused') : 0;
}

function rehearsesWhole(): QctlError {
  return new QctlError(
    'usage',
    'a rehearsal plays the whole plan, and none of a run: --resume and --rehearse do not go together',
    {
      code: 'REHEARSE_RUN',
      hint: ['qctl cutover run FILE --rehearse', 'what is left of a run: --resume RUN --dry-run'],
    },
  );
}

function noFile(): QctlError {
  return new QctlError('usage', 'no plan is named', {
    code: 'PLAN_MISSING',
    hint: ['qctl cutover run FILE, or --resume RUN', 'qctl cutover init writes a plan to begin with'],
  });
}

function unknownCheck(name: string, names: readonly string[]): QctlError {
  const similar = findSimilar(name, names);
  return new QctlError('usage', `the plan has no check ${name}`, {
    code: 'CHECK_UNKNOWN',
    hint: [similar ? `did you mean ${similar}?` : `checks: ${names.join(', ') || 'none'}`],
  });
}
