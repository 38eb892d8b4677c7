import type { CutoverStatus } from '../../src/cutover/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions, parsePositiveInteger } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { type Column, formatTable } from '../term/table.ts';
import { stateText } from './format-status.ts';

/** `qctl cutover list`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverList): QctlCommand {
  const command = createCommand(entry).option(
    '--limit <n>',
    'at most so many, the newest (default: 50)',
    parsePositiveInteger,
    50,
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [['qctl cutover list -o json', 'for a script']]);
  return command.action((flags: { limit: number }) => run(context, flags));
}

/** Carries it out. */
export async function runCutoverList(context: Context, { limit }: { limit: number }): Promise<void> {
  const { io, options } = context;
  const { listCutovers } = await import('../../src/cutover/index.ts');
  const { cutoverHost } = await import('./host.ts');
  const runs = await listCutovers(await cutoverHost(context), limit);
  if (runs.length === 0 && io.stderr.isTTY && !options.quiet) io.stderr.write('there are no cutovers\n');
  await renderResult(io, options, {
    type: 'cutover-status',
    data: runs,
    table: () => (runs.length === 0 ? '' : formatTable(io.stdout, columnsAt(context.now()), runs)),
  });
}

/** The columns of the list. */
export function columnsAt(now: Date): Column<CutoverStatus>[] {
  return [
    { head: 'RUN', value: ({ run }) => run, whole: true },
    { head: 'PLAN', value: ({ plan, rehearsal }) => (rehearsal ? `${plan} (rehearsal)` : plan) },
    { head: 'STATE', value: stateText, wrap: true },
    {
      head: 'STEP',
      value: ({ step, stepIndex, stepCount }) => step && `${stepIndex + 1}/${stepCount} ${step}`,
      wrap: true,
    },
    {
      head: 'AGE',
      value: ({ startedAt }) => formatDuration(Math.max(0, now.getTime() - Date.parse(startedAt))),
      align: 'right',
    },
    { head: 'WHY', value: ({ waitingFor, why }) => waitingFor ?? why, wrap: true },
  ];
}
