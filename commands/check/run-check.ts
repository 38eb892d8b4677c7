import { within } from '../../src/backends/network.ts';
import type { Item, Status } from '../../src/checks/index.ts';
import type { QctlError } from '../../src/errors.ts';
import type { Context } from '../context.ts';
import { hintLines, writeError } from '../errors.ts';
import { CHECK_EXIT } from '../exit-codes.ts';
import { renderResult } from '../term/render.ts';
import { toFailure } from './failure.ts';
import { formatStatus } from './format-line.ts';
import { formatMetrics } from './format-metrics.ts';
import type { Metric } from './metrics.ts';
import { type CheckName, toDocument, toReport } from './report.ts';

/** One check, ready to be carried out. */
export interface CheckRun {
  check: CheckName;
  /** What was asked for, as it is shown. */
  target: string;
  measure: () => Promise<Item<Metric>[]>;
  /** Of the item that stands for what could not be measured. Default none. */
  labels?: Record<string, string>;
  /** What it means that something could not be measured. Default UNKNOWN. */
  statusOf?: (error: QctlError) => Status;
  /** Default 45 s: Nagios and Icinga kill a plugin after 60 s, and nobody learns why then. */
  limitMs?: number;
}

const LIMIT_MS = 45_000;

/**
 * Measures, judges and prints. What kept it from measuring is a result, too: UNKNOWN, in the format that
 * was asked for, so that no stale file of metrics is left behind. Returns the exit code.
 */
export async function runCheck(context: Context, run: CheckRun): Promise<number> {
  const { io, options } = context;
  const report = toReport(run.check, run.target, await measured(context, run));
  await renderResult(io, options, {
    type: 'check',
    data: toDocument(report),
    table: () => formatStatus(io.stdout, report),
    prometheus: () => formatMetrics(report),
  });
  return CHECK_EXIT[report.status];
}

async function measured(context: Context, run: CheckRun): Promise<Item<Metric>[]> {
  const { target, labels = {}, limitMs = LIMIT_MS, statusOf = () => 'unknown' } = run;
  try {
    return await within(run.measure(), limitMs);
  } catch (error) {
    const failure = toFailure(context, error, limitMs);
    explain(context, failure);
    const finding = { code: failure.code, status: statusOf(failure), text: failure.message };
    return [{ name: target, labels, readings: [], findings: [finding] }];
  }
}

/** Scripts get the error as always; of the status line, which says it, only the hints are left. */
function explain({ io, options }: Context, error: QctlError): void {
  if (options.output !== 'table') {
    writeError(io.stderr, error, { ...options, nagios: true });
    return;
  }
  io.stderr.write(hintLines(error));
}
