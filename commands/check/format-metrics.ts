import { CHECK_EXIT } from '../exit-codes.ts';
import { type Family, formatFamilies, gauge } from '../term/prometheus.ts';
import { METRICS, type Metric } from './metrics.ts';
import type { CheckReport } from './report.ts';

const STATUS_HELP = '0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.';

/**
 * The text format of Prometheus. What is not known is left out, never 0; the status says so. The labels
 * of the status tell two checks apart whose files the same collector reads.
 */
export function formatMetrics(report: CheckReport): string {
  const { check, target, items, status } = report;
  const families = [
    ...metricFamilies(items),
    gauge('qctl_check_item_status', `Status of each thing that was checked: ${STATUS_HELP}`, [
      ...items.map((item) => ({ labels: { check, ...item.labels }, value: CHECK_EXIT[item.status] })),
    ]),
    gauge('qctl_check_status', `Status of the whole check: ${STATUS_HELP}`, [
      { labels: { check, target }, value: CHECK_EXIT[status] },
    ]),
  ];
  return formatFamilies(families);
}

/** What was measured, a family for each metric. */
export function metricFamilies(items: CheckReport['items']): Family[] {
  return (Object.keys(METRICS) as Metric[]).map((metric) => family(items, metric));
}

function family(items: CheckReport['items'], metric: Metric): Family {
  const { gauge: name, help, unit } = METRICS[metric];
  const scale = unit === 'ms' ? 1000 : unit === 'percent' ? 100 : 1;
  const samples = items.flatMap(({ labels, readings }) =>
    readings
      .filter((reading) => reading.metric === metric && reading.value !== null)
      .map(({ value }) => ({ labels, value: value! / scale })),
  );
  return { ...gauge(name, help, samples), type: unit === 'counter' ? 'counter' : 'gauge' };
}
