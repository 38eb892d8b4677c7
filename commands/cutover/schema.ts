import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { formatJson } from '../term/json.ts';
import { renderResult } from '../term/render.ts';

/** `qctl cutover schema`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCutoverSchema): QctlCommand {
  const command = createCommand(entry);
  addExamples(command, [
    [
      'qctl cutover schema --out-file cutover-plan.schema.json',
      'beside the plans, which name it in their first line',
    ],
  ]);
  return command.action(() => run(context));
}

/** Carries it out: the schema itself, whatever the format. */
export async function runCutoverSchema(context: Context): Promise<void> {
  const { planJsonSchema } = await import('../../src/cutover/index.ts');
  const text = formatJson(planJsonSchema());
  await renderResult(
    context.io,
    { ...context.options, output: 'table' },
    {
      type: 'schema',
      data: {},
      table: () => text,
    },
  );
}
