import { type AnalyseRequest, type Analysis, analyse, compareAnalyses } from '../src/analyse/index.ts';
import { formatDuration } from '../src/model/duration.ts';
import { shortList } from '../src/model/short-list.ts';
import { type AnalyseFlags, addAnalyseOptions } from './analyse/options.ts';
import { addExamples, createCommand, type QctlCommand } from './command.ts';
import type { Context } from './context.ts';
import { exitCodeOf } from './exit-codes.ts';
import { addConnectionOptions } from './options.ts';
import type { CommandEntry } from './registry.ts';
import { createProgress } from './term/progress.ts';
import { renderResult } from './term/render.ts';

/** `qctl analyse`. */
export function newCommand(context: Context, entry: CommandEntry, run = runAnalyse): QctlCommand {
  const command = addAnalyseOptions(createCommand(entry));
  addConnectionOptions(command, ['redis', 'postgres', 'sqs', 'celery']);
  addExamples(command, [
    ['qctl analyse', 'every source of qctl.yaml and where it goes'],
    ['qctl analyse --verbose', 'with every fact; -o json has them all as well'],
    [
      'qctl analyse --source alerts --target alerts --by type',
      'one source, and which of its types to move first',
    ],
    [
      'qctl analyse --queue-url … --target webhook-events --observe 30s --sample 100',
      'an SQS queue, its trend and its messages',
    ],
    ['qctl analyse --broker-url redis://localhost:6379/0 --by type', 'a queue of Celery and its tasks'],
    ['qctl analyse --strict -o junit --out-file analysis.xml', 'in CI: warnings fail, too'],
    ['qctl analyse --save before.json', 'keep it'],
    ['qctl analyse --compare before.json', 'what has changed since'],
  ]);
  return command.action((flags: AnalyseFlags) => run(context, flags));
}

/** Carries it out. Returns the exit code. */
export async function runAnalyse(context: Context, flags: AnalyseFlags): Promise<number> {
  const { requestOf } = await import('./analyse/moves.ts');
  const { readSaved, requireSavable, save } = await import('./analyse/saved.ts');
  await requireSavable(flags.save);
  const before = flags.compare === undefined ? undefined : await readSaved(flags.compare);
  const request = await requestOf(context, flags);
  await confirmSample(context, request);
  const progress = createProgress(context.io, context.options);
  if (request.observeMs > 0) progress.update(`observing for ${formatDuration(request.observeMs)}`);
  const analysis = await analyse(request, context.now(), context.signal).finally(() => progress.stop());
  // Half an observation is none: it is neither shown nor kept.
  context.signal.throwIfAborted();
  const changes = before && compareAnalyses(before, analysis);
  const { render } = await import('./analyse/render.ts');
  const { verbose } = context.options;
  await renderResult(
    context.io,
    context.options,
    render(context.io.stdout, { analysis, changes, flags, verbose }),
  );
  if (flags.save !== undefined) await save(flags.save, analysis);
  return exitCode(analysis, flags.strict === true);
}

/** Receiving is the only thing that leaves a trace in a source. */
async function confirmSample(context: Context, { sample, moves }: AnalyseRequest): Promise<void> {
  const queues = moves.flatMap(({ source }) => (source?.kind === 'sqs' ? [source.name] : []));
  if (sample === 0 || queues.length === 0) return;
  await context.confirm(
    `Receive up to ${sample} ${sample === 1 ? 'message' : 'messages'} of ${shortList(queues)} and give them back? The receive count of each goes up by one.`,
    'run it again with --yes, or without --sample',
  );
}

function exitCode({ blockers, warnings }: Analysis, strict: boolean): number {
  return blockers > 0 || (strict && warnings > 0) ? exitCodeOf('refused') : 0;
}
