import { type Family, formatFamilies, type Sample } from '../../src/model/exposition.ts';
import { CHECK_SERIES } from '../../src/model/series/checks.ts';
import { CHECK_EXIT } from '../exit-codes.ts';
import { METRICS, type Metric, type MetricFormat } from './metrics.ts';
import type { CheckReport } from './report.ts';

/**
 * The text format of Prometheus. What is not known is left out, never 0; the status says so. The labels
 * of the status tell two checks apart whose files the same collector reads.
 */
export function formatMetrics(report: CheckReport): string {
  const { check, target, items, status } = report;
  const statuses = items.map((item) => ({
    labels: { check, ...item.labels },
    value: CHECK_EXIT[item.status],
  }));
  const whole = [{ labels: { check, target }, value: CHECK_EXIT[status] }];
  return formatFamilies([
    ...metricFamilies(items),
    { definition: CHECK_SERIES.itemStatus, samples: statuses },
    { definition: CHECK_SERIES.status, samples: whole },
  ]);
}

/** What was measured, a family for each metric. */
export function metricFamilies(items: CheckReport['items']): Family[] {
  return (Object.keys(METRICS) as Metric[]).map((metric) => family(items, metric));
}

function family(items: CheckReport['items'], metric: Metric): Family {
  const format: MetricFormat = METRICS[metric];
  const samples = items.flatMap(({ labels, readings }) =>
    readings
      .filter((reading) => reading.metric === metric && reading.value !== null)
      .flatMap(({ value }) => samplesOf(format, labels, value!)),
  );
  return { definition: format.series, samples };
}

function samplesOf(
  { unit, series, states }: MetricFormat,
  labels: Record<string, string>,
  value: number,
): Sample[] {
  const scale = unit === 'ms' ? 1000 : unit === 'percent' ? 100 : 1;
  if (!states) return [{ labels, value: value / scale }];
  const name = series.labels.at(-1)!;
  return states.map((state, at) => ({ labels: { ...labels, [name]: state }, value: at === value ? 1 : 0 }));
}
