import type { StreamConfig } from '../../src/config/schema.ts';
import {
  type BackReport,
  type BackRequest,
  type OpenBack,
  openBack,
  runBack,
} from '../../src/drain/index.ts';
import type { Context } from '../context.ts';
import { exitCodeOf as exitOf } from '../exit-codes.ts';
import { createProgress } from '../term/progress.ts';
import { renderResult } from '../term/render.ts';
import { backProgressLine, formatBackPlan, formatBackReport } from './format-back.ts';
import { tellingOf } from './telling.ts';

/** Plan, question, run, report. Returns the exit code. */
export async function runBackCommand(
  context: Context,
  request: BackRequest,
  streams: Record<string, StreamConfig>,
): Promise<number> {
  const { io, options } = context;
  const back = await openBack(request, streams, context.now());
  context.onCleanup(() => back.close());
  if (options.dryRun) {
    await renderResult(io, options, {
      type: 'plan',
      data: back.plan,
      table: () => formatBackPlan(io.stdout, back.plan),
    });
    return back.plan.findings.some((finding) => finding.level === 'blocker') ? exitOf('refused') : 0;
  }
  if (!options.quiet) io.stderr.write(formatBackPlan(io.stderr, back.plan));
  await context.confirm(`Give back to ${back.plan.target}?`);
  const report = await runWithProgress(context, back);
  await renderResult(io, options, {
    type: 'report',
    data: report,
    table: () => formatBackReport(io.stdout, report, tellingOf(context, back.plan.findings)),
  });
  return backExitCode(report);
}

async function runWithProgress(context: Context, back: OpenBack): Promise<BackReport> {
  const progress = createProgress(context.io, context.options);
  const { run } = back.plan;
  context.onHardStop = () =>
    `stopped at once; what was taken and not acknowledged is known to run ${run}: the same command goes on with it`;
  try {
    const events = {
      progress: (snapshot: Parameters<typeof backProgressLine>[0]) =>
        progress.update(backProgressLine(snapshot), snapshot),
      note: (text: string) => progress.note(text),
    };
    return await runBack(back, events, context.signal);
  } finally {
    progress.stop();
    context.onHardStop = undefined;
  }
}

/** 0 where convergence was shown, 1 where the ledger lacks what was acknowledged, 8 where something is left over or may be doubled. */
export function backExitCode(report: BackReport): number {
  if (report.converged) return 0;
  return report.differs ? exitOf('failed') : exitOf('partial');
}
