import type { CutoverStatus, RollbackPreview } from '../src/cutover/index.ts';
import { formatExactDuration } from '../src/model/duration.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { carryOut, optionsOf, type WorkFlags } from './cutover/carry-out.ts';
import { chooseRun } from './cutover/choose-run.ts';
import { stateText } from './cutover/format-status.ts';
import { addPlanConnections, OTHER_REDIS, planKept, REASON } from './cutover/options.ts';
import { useKeptProfile, useRunProfile } from './cutover/run-profile.ts';
import { withWayBack } from './drain/rollback-hint.ts';
import { parseDuration } from './options.ts';
import type { CommandEntry } from './registry.ts';
import type { Output } from './term/io.ts';
import { renderResult } from './term/render.ts';
import { type CellValue, formatFields, formatTable } from './term/table.ts';

/** `qctl rollback [RUN]`. */
export function newCommand(context: Context, entry: CommandEntry, run = runRollback): QctlCommand {
  const command = createCommand(entry)
    .option(...REASON)
    .option(
      '--assume-undone <step>',
      'you have undone this step by hand, or seen what `rollback.health` measures (repeatable)',
      parseStep,
    )
    .option('--lock-wait <duration>', 'wait so long for the lock of the plan', parseDuration)
    .option(...OTHER_REDIS)
    .option(
      '--without-redis',
      'go back although Redis is away: you vouch that no other process is at work on the run',
    );
  addPlanConnections(command).addHelpText('after', `\n${HOW}`);
  addExamples(command, [
    ['qctl rollback --dry-run', 'what would be undone of the newest run, in which order'],
    ['qctl rollback orders-20261122-020000-4f2a --yes --reason "p99"', 'go back, without a question'],
    [
      'qctl rollback orders-20261122-020000-4f2a --assume-undone settings',
      'its undo failed, you have done it by hand: the rest of the way back',
    ],
  ]);
  return command.action((name: string | undefined, flags: WorkFlags) =>
    run(context, name, flags).catch(async (error: unknown) => {
      throw name === undefined ? error : await withWayBack(context, name, error);
    }),
  );
}

function parseStep(text: string, previous: string[] = []): string[] {
  return [...previous, text];
}

const HOW = `It goes back over the steps, also where the run is complete: the old side is brought up and shown to be healthy before
the new one is stopped, and what the new side has not finished is given back. It goes on past an undo that fails, and
ends with 13 then: what is to be done by hand is told. A run that a process is at work on is sent back by that process.`;

/** Carries it out. Returns the exit code. */
export async function runRollback(
  context: Context,
  name: string | undefined,
  flags: WorkFlags,
): Promise<number> {
  const { io, options } = context;
  const { cutoverHost } = await import('./cutover/host.ts');
  const { previewRollback, rollbackCutover } = await import('../src/cutover/index.ts');
  if (name !== undefined) await useKeptProfile(context, name);
  const host = await cutoverHost(context);
  const run = name ?? (await chooseRun(context, host, name)).run;
  const chosen = await optionsOf(context, flags);
  await useRunProfile(context, host, run, chosen);
  const plan = await planKept(host, run, chosen);
  const preview = await previewRollback(run, plan, host, chosen);
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'rollback-plan',
      data: preview,
      table: () => formatRollbackPlan(io.stdout, preview),
    });
    return 0;
  }
  if (!options.quiet) io.stderr.write(formatRollbackPlan(io.stderr, preview));
  await context.confirm(`Undo ${run}?`);
  return carryOut(context, (events, signal) => rollbackCutover(run, plan, host, chosen, events, signal));
}

/** What would be undone, in its order. */
export function formatRollbackPlan(output: Output, preview: RollbackPreview): string {
  const { status, undo, stays, assumed, worstMs, budgetMs } = preview;
  const rows = undo.map((one, at) => ({ ...one, number: at + 1 }));
  const table = formatTable(
    output,
    [
      { head: '#', value: ({ number }) => number, align: 'right' },
      { head: 'STEP', value: ({ step }) => step, wrap: true },
      { head: 'UNDO', value: ({ does }) => does, wrap: true },
      { head: 'AT-MOST', value: ({ timeoutMs }) => formatExactDuration(timeoutMs), align: 'right' },
    ],
    rows,
  );
  const end: (readonly [string, CellValue])[] = [
    ...assumed.map((step) => ['as you say', `${step} is undone, or healthy`] as const),
    ...stays.map(({ step, does }) => ['stays', `${step}: ${does}`] as const),
    [
      'at worst',
      `${formatExactDuration(worstMs)}${budgetMs === null ? '' : ` of ${formatExactDuration(budgetMs)}`}`,
    ],
  ];
  const nothing = rows.length === 0 ? 'nothing is to be undone\n' : table;
  return [formatFields(output, headRows(status)), nothing, formatFields(output, end)].join('\n');
}

function headRows(status: CutoverStatus): (readonly [string, CellValue])[] {
  return [
    ['run', status.run],
    ['plan', status.plan],
    ['state', stateText(status)],
    ...(status.pastNoReturn ? [['no return', 'passed: not all can be undone'] as const] : []),
  ];
}
