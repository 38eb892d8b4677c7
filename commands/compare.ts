import { type Comparison, checkRequest, compare, thresholdError } from '../src/compare/index.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import { addCompareOptions, type CompareFlags } from './compare/options.ts';
import { progressLine } from './compare/progress-text.ts';
import { render } from './compare/render.ts';
import type { Context } from './context.ts';
import { addConnectionOptions } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { withProgress } from './stream-work.ts';
import { renderResult } from './term/render.ts';

/** `qctl compare`. */
export function newCommand(context: Context, entry: CommandEntry, run = runCompare): QctlCommand {
  const command = addCompareOptions(createCommand(entry));
  addConnectionOptions(command, ['redis', 'postgres']);
  addExamples(command, [
    [
      'qctl compare --old redis:results --new redis:results-new --key body.orderId',
      'two result streams, entry against entry',
    ],
    [
      "qctl compare --old redis:results --new redis:results-new --key id --from 1h --late-after 1m --ignore body.at --fail-on 'mismatched > 0.1%' --require 'missing == 0'",
      'the last hour, with what may differ and what may not: exit code 99 where it does',
    ],
    [
      'qctl compare --old redis:results --old2 redis:results-again --new redis:results-new --key id',
      'what differs between the old side and itself is noise, and is not reported',
    ],
    [
      'qctl compare --old postgres:orders --old-table results --new file:new.ndjson.gz --key order_id --tolerance score=1%',
      'a table against a file',
    ],
    ['qctl compare --old redis:results --new redis:results-new --key id --dedupe', 'what was done twice'],
  ]);
  return command.action((flags: CompareFlags) => run(context, flags));
}

/** Carries it out; the exit code of a stop is up to the caller. */
export async function runCompare(context: Context, flags: CompareFlags): Promise<void> {
  const { requestOf } = await import('./compare/inputs.ts');
  const request = await requestOf(context, flags, checkRequest);
  const comparison = await withProgress(context, 'comparing', ({ work, progress }) =>
    compare(request, {
      ...work,
      now: context.now,
      progress: (state) => progress.update(progressLine(state), state),
    }),
  );
  await renderResult(
    context.io,
    context.options,
    render(context.io.stdout, comparison, flags.dedupe === true),
  );
  refuse(context, comparison);
}

/** What was stopped has not failed: the exit code says that it was stopped. */
function refuse({ signal }: Context, comparison: Comparison): void {
  if (signal.aborted) return;
  const error = thresholdError(comparison);
  if (error) throw error;
}
