import {
  type ImportPlan,
  type ImportReport,
  importDeadLetters,
  planImport,
} from '../../src/streams/index.ts';
import { addExamples, createCommand, type QctlCommand } from '../command.ts';
import type { Context } from '../context.ts';
import { addConnectionOptions } from '../options.ts';
import type { CommandEntry } from '../registry.ts';
import { usageError, withProgress } from '../stream-work.ts';
import { grouped } from '../term/number.ts';
import { renderResult } from '../term/render.ts';
import { formatImportPlan, formatImportReport } from './format-import.ts';
import { openInput } from './import-input.ts';

interface ImportFlags {
  to?: string;
  again?: boolean;
  continue?: boolean;
}

/** `qctl dlq import FILE`. */
export function newCommand(context: Context, entry: CommandEntry, run = runDlqImport): QctlCommand {
  const command = createCommand(entry)
    .option('--to <stream>', 'instead of the dead-letter streams that the lines name')
    .option('--again', 'append once more what was imported before, or still stands there')
    .option('--continue', 'go on with a half-finished import although its first part is gone');
  command.addHelpText(
    'after',
    '\nThe file is what qctl dlq export writes, compressed or not; - is stdin. The same file is imported once, however\noften it is run: Redis keeps a note of it for 30 days. The note is of all lines for a stream in their order: a file\nwith some of them, or more, is another one, and is appended again.',
  );
  addConnectionOptions(command, ['redis']);
  addExamples(command, [
    ['qctl dlq import orders.ndjson.gz --dry-run', 'check every line, and see how many would be appended'],
    ['qctl dlq import orders.ndjson.gz', 'bring back what was exported'],
    ["zgrep timeout orders.ndjson.gz | qctl dlq import - --to 'orders:dead'", 'a part of it, from a pipe'],
  ]);
  return command.action((file: string, flags: ImportFlags) => run(context, file, flags));
}

/** Carries it out. */
export async function runDlqImport(context: Context, file: string, flags: ImportFlags): Promise<void> {
  const { io, options, signal } = context;
  const { to, again = false, continue: goOn = false } = flags;
  if (again && goOn)
    throw usageError(
      '--again begins anew, --continue goes on',
      'IMPORT_CONFLICT',
      'leave out one of the two',
    );
  const redis = await context.redis();
  const input = await openInput(context, file);
  const prepared = await planImport(redis, { ...input, to, again, goOn, signal });
  const { plan } = prepared;
  if (options.dryRun)
    return renderResult(io, options, {
      type: 'import-plan',
      data: plan,
      table: () => formatImportPlan(io.stdout, plan),
    });
  context.onHardStop = () => 'stopped at once; the same command goes on where it was';
  const report = await withProgress(context, 'import', ({ work, progress }) =>
    importDeadLetters(redis, prepared, work, (appended) =>
      progress.update(`${grouped(appended)} of ${grouped(plan.toAppend)} appended`, {
        appended,
        ...countsOf(plan),
      }),
    ),
  );
  context.onHardStop = undefined;
  await renderReport(context, report);
}

function countsOf({ entries, toAppend }: ImportPlan): object {
  return { entries, toAppend };
}

async function renderReport(context: Context, report: ImportReport): Promise<void> {
  const { io, options } = context;
  const { failure, appended, entries, stopped } = report;
  await renderResult(io, options, {
    type: 'import-report',
    data: { ...report, failure: failure?.message ?? null },
    table: () => formatImportReport(io.stdout, report),
  });
  if (failure) throw failure;
  if (appended === 0 && entries > 0 && !stopped && !options.quiet)
    io.stderr.write('all of it was imported before; --again appends it once more\n');
}
