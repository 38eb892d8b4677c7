import type { SimulatedMove, SimulationResult } from '../../src/breaker/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import type { Output } from '../term/io.ts';
import { grouped, timesText } from '../term/number.ts';
import { type CellValue, type Column, formatFields, formatTable } from '../term/table.ts';
import { writtenSettings } from './configured.ts';
import { afterText, nearestText } from './simulation-text.ts';
import type { TestCalls } from './test-calls.ts';
import type { Basis, Variant } from './test-settings.ts';

/** What one variant has shown. */
export interface VariantResult {
  variant: Variant;
  result: SimulationResult;
}

const MOST_MOVES_SHOWN = 40;

/** One set of settings with its timeline, or several side by side. */
export function formatSimulation(
  output: Output,
  basis: Basis,
  calls: TestCalls,
  results: readonly VariantResult[],
): string {
  const head: [string, CellValue][] = [
    ['settings', settingsText(basis, results)],
    ['calls', callsText(calls)],
  ];
  const [only] = results;
  if (results.length > 1 || !only)
    return `${formatFields(output, head)}\n${formatTable(output, columnsFor(calls), results)}`;
  const fields = formatFields(output, [...head, ...summary(only.result, calls)]);
  return `${fields}${timelineText(output, only.result, calls)}`;
}

const FROM = {
  redis: 'in force in Redis',
  configuration: 'of qctl.yaml or the environment',
  defaults: 'defaults',
};

function settingsText({ from }: Basis, results: readonly VariantResult[]): string {
  const { given, tried } = results[0]!.variant;
  const fixed = Object.entries(writtenSettings(given)).filter(([name]) => !(name in writtenSettings(tried)));
  const text = fixed.map(([name, value]) => `${name}=${value}`).join(' ');
  return `${FROM[from]}${text ? `: ${text}` : ''}`;
}

function callsText({ generated, file, count, fromMs, toMs }: TestCalls): string {
  const total = `${grouped(count)} in ${formatDuration(toMs - fromMs)}`;
  if (!generated) return `${total}, recorded in ${file}`;
  const { ratePerSecond, failureRate, slowRate, outages, instances, seed } = generated;
  const parts = [
    `made up: ${total} (${Number(ratePerSecond.toFixed(3))}/s)`,
    ...(failureRate > 0 ? [`${failureRate}% fail`] : []),
    ...(slowRate > 0 ? [`${slowRate}% are slow`] : []),
    ...outages.map(
      (one) => `${one.failureRate}% fail from ${afterText(one.fromMs)} for ${formatDuration(one.forMs)}`,
    ),
    ...(instances > 1 ? [`${instances} processes`] : []),
  ];
  return `${parts.join(', ')}; seed ${seed}`;
}

function summary(result: SimulationResult, calls: TestCalls): [string, CellValue][] {
  const { passed, failedThrough, rejected, rejectedOk, openings, firstOpenedAtMs, probes } = result;
  const opened =
    firstOpenedAtMs === null
      ? `never; ${nearestText(result.nearest!, calls.fromMs)}`
      : afterText(firstOpenedAtMs - calls.fromMs);
  return [
    ['opens', opened],
    ...(openings > 0 ? [openedRow(result, calls)] : []),
    [
      'let through',
      `${grouped(passed)}, of them failed ${grouped(failedThrough)}, probes ${grouped(probes)}`,
    ],
    ['rejected', `${grouped(rejected)}, of them would have succeeded ${grouped(rejectedOk)}`],
    ['at the end', result.state],
  ];
}

function openedRow({ openings, openMs }: SimulationResult, calls: TestCalls): [string, CellValue] {
  return ['opened', `${timesText(openings)}, open for ${shareText(openMs, calls)}`];
}

function shareText(ms: number, { fromMs, toMs }: TestCalls): string {
  const share = toMs > fromMs ? ` (${((ms * 100) / (toMs - fromMs)).toFixed(1)}%)` : '';
  return `${formatDuration(ms)}${share}`;
}

function timelineText(
  output: Output,
  { timeline, furtherMoves }: SimulationResult,
  { fromMs }: TestCalls,
): string {
  if (timeline.length === 0) return '';
  const columns: Column<SimulatedMove>[] = [
    { head: 'AT', value: ({ atMs }) => afterText(atMs - fromMs), whole: true },
    { head: 'STATE', value: ({ to }) => to, whole: true },
    { head: 'WHY', value: whyText, wrap: true },
  ];
  const shown = timeline.slice(0, MOST_MOVES_SHOWN);
  const more = timeline.length - shown.length + furtherMoves;
  return `\n${formatTable(output, columns, shown)}${more > 0 ? `… and ${grouped(more)} more\n` : ''}`;
}

function whyText({ to, cause, detail, failedCalls, openMs }: SimulatedMove): string {
  const why = detail ?? cause.replaceAll('-', ' ');
  if (to !== 'open') return why;
  const failed = `${grouped(failedCalls)} failed ${failedCalls === 1 ? 'call' : 'calls'} let through`;
  return `${why}; ${failed}; open for ${formatDuration(openMs ?? 0)}`;
}

function columnsFor(calls: TestCalls): Column<VariantResult>[] {
  const count = (head: string, value: (result: SimulationResult) => number): Column<VariantResult> => ({
    ...{ head, value: ({ result }) => grouped(value(result)), align: 'right' },
  });
  return [
    { head: 'SETTINGS', value: ({ variant }) => variant.label, whole: true },
    {
      head: 'OPENS',
      value: ({ result: { firstOpenedAtMs: at } }) => (at === null ? 'never' : afterText(at - calls.fromMs)),
      whole: true,
    },
    count('OPENED', ({ openings }) => openings),
    count('FAILED', ({ failedThrough }) => failedThrough),
    count('REJECTED', ({ rejected }) => rejected),
    count('GOOD-ONES', ({ rejectedOk }) => rejectedOk),
    {
      head: 'OPEN-FOR',
      value: ({ result }) => (result.openings ? formatDuration(result.openMs) : null),
      align: 'right',
    },
    {
      head: 'WHY',
      value: ({ result }) => result.timeline[0]?.detail ?? nearestOf(result, calls),
      wrap: true,
    },
  ];
}

function nearestOf({ nearest, timeline }: SimulationResult, { fromMs }: TestCalls): string {
  return nearest ? nearestText(nearest, fromMs) : (timeline[0]?.cause ?? '');
}
