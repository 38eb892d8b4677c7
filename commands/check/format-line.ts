import { type JudgedItem, severity } from '../../src/checks/index.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import { printable } from '../term/text.ts';
import { describeRange, perfRange } from './format-range.ts';
import { formatValue, plainNumber } from './format-value.ts';
import { METRICS, type Metric, type MetricFormat } from './metrics.ts';
import type { CheckReport } from './report.ts';

type Reading = JudgedItem<Metric>['readings'][number];

/**
 * What Nagios, Icinga and their kin expect: one line with the status, the text and the performance data;
 * of several items a line each follows, the worst first. All performance data stands on the first line:
 * Nagios takes everything behind the first bar of a later line for performance data.
 */
export function formatStatus(output: Output, report: CheckReport): string {
  const colour = colourOf(output);
  const paint = { ok: colour.green, warning: colour.yellow, critical: colour.red, unknown: colour.magenta };
  const head = `${report.check.toUpperCase()} ${paint[report.status](report.status.toUpperCase())}`;
  const performance = report.items.flatMap((item) => performanceData(report, item)).join(' ');
  const first = `${head} - ${summary(report)}${performance && ` | ${performance}`}`;
  if (report.items.length === 1) return first;
  const further = worstFirst(report.items).map(
    (item) => `${paint[item.status](item.status.toUpperCase())} ${itemText(item)}`,
  );
  return [first, ...further].join('\n');
}

/** The text of the status line: the item, or how many are how, and the worst of them. */
export function summary({ items, status }: CheckReport): string {
  const [worst] = worstFirst(items);
  if (items.length === 1) return itemText(worst!);
  const counts = (['critical', 'warning', 'unknown', 'ok'] as const)
    .map((name) => [items.filter((item) => item.status === name).length, name] as const)
    .filter(([count]) => count > 0)
    .map(([count, name]) => `${grouped(count)} ${name}`)
    .join(', ');
  return status === 'ok' ? counts : `${counts}; ${itemText(worst!)}`;
}

function worstFirst(items: CheckReport['items']): CheckReport['items'] {
  return [...items].sort((a, b) => severity(b.status) - severity(a.status));
}

/** `orders/workers: lag 5,210 (critical above 5000)`, what is wrong first. */
function itemText({ name, readings, findings }: JudgedItem<Metric>): string {
  const parts = [
    ...findings.map(({ status, text }) => ({ status, text })),
    ...readings.filter(isSaid).map((reading) => ({ status: reading.status, text: readingText(reading) })),
  ];
  const sorted = parts.sort((a, b) => severity(b.status) - severity(a.status));
  return plainText(`${name}: ${sorted.map(({ text }) => text).join(', ')}`);
}

function isSaid({ metric }: Reading): boolean {
  return silence(metric) === undefined;
}

function silence(metric: Metric): MetricFormat['silent'] {
  const format: MetricFormat = METRICS[metric];
  return format.silent;
}

function readingText(reading: Reading): string {
  const { label } = METRICS[reading.metric];
  const remarks = [thresholdRemark(reading), reading.value === null ? reading.note : null].filter(Boolean);
  return `${label} ${valueText(reading)}${remarks.length > 0 ? ` (${remarks.join('; ')})` : ''}`;
}

function valueText({ metric, value, atLeast, atMost }: Reading): string {
  const { unit } = METRICS[metric];
  if (value !== null) return formatValue(value, unit);
  if (atMost !== Number.POSITIVE_INFINITY)
    return `between ${formatValue(atLeast, unit)} and ${formatValue(atMost, unit)}`;
  return atLeast > 0 ? `at least ${formatValue(atLeast, unit)}` : 'unknown';
}

function thresholdRemark({ metric, status, breached }: Reading): string | null {
  return breached && `${status} ${describeRange(breached, METRICS[metric].unit)}`;
}

/** One line, and no bar: what follows a bar is read as performance data. */
function plainText(text: string): string {
  return printable(text.replace(/\s*\n\s*/g, '; ').replaceAll('|', '/'));
}

const UNITS = { count: '', counter: 'c', ms: 's', percent: '%', bytes: 'B' };

/** `'orders/workers lag'=5210;1000;5000;0`; `U` where the value is not known. Of one server it is always the same. */
function performanceData({ check }: CheckReport, { name, readings }: JudgedItem<Metric>): string[] {
  const prefix = check === 'redis' ? '' : `${name} `;
  const drawn = readings.filter(({ metric }) => silence(metric) !== 'line');
  return drawn.map(({ metric, value, thresholds }) => {
    const { label, unit } = METRICS[metric];
    const number =
      value === null ? 'U' : `${plainNumber(unit === 'ms' ? value / 1000 : value)}${UNITS[unit]}`;
    const limits = [perfRange(thresholds.warning, unit), perfRange(thresholds.critical, unit)];
    return `${quoted(`${prefix}${label}`)}=${number};${limits.join(';')};0${unit === 'percent' ? ';100' : ''}`;
  });
}

/** A label may hold anything but these; a quote inside is doubled. */
function quoted(label: string): string {
  return `'${plainText(label).replaceAll('=', '_').replaceAll("'", "''")}'`;
}
