import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { addSetOption, planOf, type SetFlags } from './options.ts';

interface PlanFlags extends SetFlags {
  diagram?: boolean;
}

/** `qctl cutover plan FILE`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverPlan): QctlCommand {
  const command = addSetOption(createCommand(entry)).option('--diagram', 'print it as a Mermaid flowchart');
  command.addHelpText(
    'after',
    '\nIt connects nowhere. What speaks against the plan today: qctl cutover run FILE --dry-run.',
  );
  addExamples(command, [
    ['qctl cutover plan night.yaml', 'what it does, how long it takes, how it goes back'],
    ['qctl cutover plan night.yaml --set percent=5 --diagram', 'as a picture for the change request'],
  ]);
  return command.action((file: string, flags: PlanFlags) => run(context, file, flags));
}

/** Carries it out. */
export async function runCutoverPlan(context: Context, file: string, flags: PlanFlags): Promise<void> {
  const { io, options } = context;
  const plan = await planOf(context, file, flags);
  const { formatDiagram, requireBudget } = await import('../../src/cutover/index.ts');
  const { formatPlan } = await import('./format-plan.ts');
  const { planToJson } = await import('./plan-json.ts');
  const diagram = flags.diagram ? formatDiagram(plan) : undefined;
  await renderResult(io, options, {
    type: 'cutover-plan',
    data: { ...planToJson(plan), ...(diagram !== undefined && { diagram }) },
    table: () => diagram ?? formatPlan(io.stdout, plan),
  });
  requireBudget(plan);
}
