import { isQctlError } from '../../src/errors.ts';
import { emptyReport, type MaintainReport, reportError, runMaintenance } from '../../src/maintain/index.ts';
import type { Context } from '../context.ts';
import { withProgress } from '../stream-work.ts';
import { requireWritableFile, writeOutFile } from '../term/out-file.ts';
import { renderResult } from '../term/render.ts';
import { agree } from './agree.ts';
import { chooseWork, eventsOf, type MaintainFlags, partsOf } from './choose.ts';
import { formatMaintained, type Maintained, toMaintained } from './format.ts';
import { breakerWorkToJson } from './format-breakers.ts';
import { leftoverToJson } from './format-leftovers.ts';
import { isWorthARow, streamWorkToJson } from './format-streams.ts';
import { formatMaintainMetrics } from './metrics.ts';
import { isWorthTelling, summaryText } from './summary-text.ts';
import { tablesOf } from './tables.ts';
import { warn } from './warnings.ts';

/**
 * Does what there is to do once, and tells of it: tables and a line that sums up, nothing where there was nothing. Then
 * it fails where something was in the way.
 */
export async function maintainOnce(context: Context, flags: MaintainFlags): Promise<void> {
  const { maintain } = await context.config();
  const empty = emptyReport(partsOf(maintain, flags));
  const textfile = flags.textfile ?? maintain.textfile;
  if (textfile !== undefined) await requireWritableFile(textfile);
  const writeMetrics = async (report: MaintainReport, succeeded: boolean) => {
    if (textfile !== undefined) await writeOutFile(textfile, formatMaintainMetrics(report, succeeded), 0o644);
  };
  const report = await work(context, flags).catch(async (error) => {
    const [part] = empty.parts;
    // A Redis that is away ends the run before it begins; whoever is refused, or finds another at work, has not run.
    if (isQctlError(error) && (error.kind === 'target' || error.kind === 'auth'))
      await writeMetrics({ ...empty, failed: [{ part: part!, failure: error }] }, false);
    throw error;
  });
  const failure = reportError(report, await context.redis());
  await writeMetrics(report, failure === undefined && !context.signal.aborted);
  await tell(context, report);
  if (failure) throw failure;
}

async function work(context: Context, flags: MaintainFlags): Promise<MaintainReport> {
  const { request, told } = await agree(context, await chooseWork(context, flags));
  context.onHardStop = () => 'stopped at once; what was done is done, the same command goes on';
  const report = await withProgress(context, 'maintain', ({ work: { waiting }, progress }) =>
    runMaintenance(request, eventsOf(context, { waiting, doing: progress.update })),
  );
  report.streams.push(...told);
  return report;
}

async function tell(context: Context, report: MaintainReport): Promise<void> {
  const { io, options } = context;
  const { breakers, leftovers, streams } = report;
  const rows = report.scheduled.map(toMaintained);
  const everything = io.stdout.isTTY || options.verbose;
  const worthIt = everything || isWorthTelling(report);
  await renderResult(io, options, {
    type: 'maintained',
    data: [
      ...rows,
      ...breakers.map(breakerWorkToJson),
      ...streams.map(streamWorkToJson),
      ...leftovers.map(leftoverToJson),
    ],
    table: () => {
      const moved = everything ? rows : rows.filter(hasMoved);
      const scheduled = moved.length === 0 ? '' : formatMaintained(io.stdout, moved);
      const shown = { breakers, leftovers, streams: everything ? streams : streams.filter(isWorthARow) };
      const tables = tablesOf(io.stdout, scheduled, shown);
      const summary = worthIt && !options.quiet ? summaryText(report) : '';
      return [tables, summary].filter((text) => text !== '').join('\n');
    },
  });
  if (options.output !== 'table' && (io.stderr.isTTY || options.verbose) && !options.quiet)
    io.stderr.write(summaryText(report));
  warn(context, report);
}

function hasMoved({ moved, lost, stopped, failure }: Maintained): boolean {
  return moved + lost > 0 || stopped || failure !== null;
}
