import { readResults } from '../../src/load/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import type { CommandEntry } from '../registry.ts';
import { renderResult } from '../term/render.ts';
import { render } from './render.ts';

const NOTE =
  '\nIt shows what was measured, and ends with 0 whatever the verdicts are: load run has judged by its exit code.\n--verbose adds the environment and the workload.';

/** `qctl load report FILE...`. */
export function newCommand(context: Context, entry: CommandEntry, run = runReport): QctlCommand {
  const command = createCommand(entry).addHelpText('after', NOTE);
  addExamples(command, [
    ['qctl load report results.json', 'latencies, counts, thresholds and the course of a run'],
    ['qctl load report before.json after.json -o html --out-file report.html', 'one page with charts'],
    ['qctl load report results.json -o junit --out-file load.xml', 'for a CI server'],
    ['qctl load report results.json -o markdown >> "$GITHUB_STEP_SUMMARY"', 'for the summary of a CI job'],
  ]);
  return command.action((files: string[]) => run(context, files));
}

/** Carries it out. */
export async function runReport({ io, options }: Context, files: readonly string[]): Promise<void> {
  const results = (await Promise.all(files.map(readResults))).flat();
  await renderResult(io, options, render(io.stdout, results, options.verbose));
}
