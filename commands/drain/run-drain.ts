import type { DrainReport, DrainRequest, OpenDrain } from '../../src/drain/index.ts';
import { differs, openBegun, openDrain, runDrain } from '../../src/drain/index.ts';
import { partitionKeys } from '../../src/model/keys.ts';
import { shellWord } from '../../src/model/shell-word.ts';
import type { Context } from '../context.ts';
import { exitCodeOf as exitOf } from '../exit-codes.ts';
import { operatorHere } from '../operator.ts';
import { createProgress } from '../term/progress.ts';
import { renderResult } from '../term/render.ts';
import { formatPlan, progressLine } from './format-plan.ts';
import { formatReport } from './format-report.ts';
import { tellingOf } from './telling.ts';

/** Plan, question, run, report: the same for every source. Returns the exit code. */
export async function runDrainCommand(context: Context, request: DrainRequest): Promise<number> {
  const { io, options } = context;
  const drain = await openDrain(request, context.now());
  context.onCleanup(() => drain.close());
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'plan',
      data: drain.plan,
      table: () => formatPlan(io.stdout, drain.plan),
    });
    return drain.plan.findings.some((finding) => finding.level === 'blocker') ? exitOf('refused') : 0;
  }
  if (!options.quiet) io.stderr.write(formatPlan(io.stderr, drain.plan));
  await context.confirm(`Drain into ${request.target.stream}?`);
  const report = await runOrJoin(context, request, drain);
  const telling = tellingOf(context, drain.plan.findings, await nextLines(context, request, report));
  await renderResult(io, options, {
    type: 'report',
    data: report,
    table: () => formatReport(io.stdout, report, telling),
  });
  return exitCodeOf(report);
}

/** How the run is proved once more, with what `verify` must be told to find the source; and a look at the stream. */
async function nextLines(
  context: Context,
  { source }: DrainRequest,
  { run, stream, partitions }: DrainReport,
): Promise<string[]> {
  const named = source.kind !== 'archive' && source.name in (await context.config()).sources;
  const from = named ? ` --source ${shellWord(source.name)}` : '';
  const file = source.kind === 'archive' ? ` --archive ${shellWord(source.path)}` : '';
  const look = shellWord(partitionKeys(stream, partitions)[0]!);
  return [
    `prove it again: qctl verify ${shellWord(run)}${from}${file}`,
    `look at it: qctl stream tail ${look}`,
  ];
}

/** Runs it, or joins the run that another process has begun since the plan was made. */
async function runOrJoin(context: Context, request: DrainRequest, drain: OpenDrain): Promise<DrainReport> {
  try {
    return await runWithProgress(context, drain);
  } catch (error) {
    const begun = await openBegun(request, drain, error, context.now());
    if (!begun) throw error;
    context.onCleanup(() => begun.close());
    const { io, options } = context;
    if (!options.quiet) io.stderr.write(`run ${begun.plan.run} was begun meanwhile: this process joins it\n`);
    return runWithProgress(context, begun);
  }
}

async function runWithProgress(context: Context, drain: OpenDrain): Promise<DrainReport> {
  const progress = createProgress(context.io, context.options);
  context.onHardStop = () => hardStopText(drain.plan.run);
  try {
    const events = {
      progress: (snapshot: Parameters<typeof progressLine>[0]) =>
        progress.update(progressLine(snapshot), snapshot),
      note: (text: string) => progress.note(text),
    };
    return await runDrain(drain, events, context.signal);
  } finally {
    progress.stop();
    context.onHardStop = undefined;
  }
}

function hardStopText(run: string): string {
  return `stopped at once; what the stream has and the source was not told of is known to run ${run}: the same command settles it first`;
}

/**
 * 0 where convergence was shown, 8 where something is left over or set aside, 1 where the sides differ;
 * 11 where the time came while the run was paused, so that a schedule does not go on as if it had worked.
 */
export function exitCodeOf(report: DrainReport): number {
  if (report.paused && report.ending === 'until' && report.converged) return exitOf('paused');
  if (report.converged) return 0;
  return differs(report.differing) || report.digest?.equal === false ? exitOf('failed') : exitOf('partial');
}

/** `user@host`, as a run remembers who started it. */
export function startedBy(): string {
  const { by, host } = operatorHere();
  return `${by}@${host}`;
}
