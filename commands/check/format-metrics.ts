import { CHECK_EXIT } from '../exit-codes.ts';
import { printable } from '../term/text.ts';
import { METRICS, type Metric } from './metrics.ts';
import type { CheckReport } from './report.ts';

interface Family {
  name: string;
  type: 'gauge' | 'counter';
  help: string;
  samples: { labels: Record<string, string>; value: number }[];
}

const STATUS_HELP = '0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.';

/**
 * The text format of Prometheus. What is not known is left out, never 0; the status says so. The labels
 * of the status tell two checks apart whose files the same collector reads.
 */
export function formatMetrics(report: CheckReport): string {
  const { check, target, items, status } = report;
  const families = [
    ...(Object.keys(METRICS) as Metric[]).map((metric) => family(report, metric)),
    gauge('qctl_check_item_status', `Status of each thing that was checked: ${STATUS_HELP}`, [
      ...items.map((item) => ({ labels: { check, ...item.labels }, value: CHECK_EXIT[item.status] })),
    ]),
    gauge('qctl_check_status', `Status of the whole check: ${STATUS_HELP}`, [
      { labels: { check, target }, value: CHECK_EXIT[status] },
    ]),
  ];
  return families
    .filter(({ samples }) => samples.length > 0)
    .map(familyText)
    .join('');
}

function family({ items }: CheckReport, metric: Metric): Family {
  const { gauge: name, help, unit } = METRICS[metric];
  const scale = unit === 'ms' ? 1000 : unit === 'percent' ? 100 : 1;
  const samples = items.flatMap(({ labels, readings }) =>
    readings
      .filter((reading) => reading.metric === metric && reading.value !== null)
      .map(({ value }) => ({ labels, value: value! / scale })),
  );
  return { ...gauge(name, help, samples), type: unit === 'counter' ? 'counter' : 'gauge' };
}

function gauge(name: string, help: string, samples: Family['samples']): Family {
  return { name, type: 'gauge', help, samples };
}

function familyText({ name, type, help, samples }: Family): string {
  const lines = samples.map(({ labels, value }) => `${name}${labelText(labels)} ${value}\n`);
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
}

function labelText(labels: Record<string, string>): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(value)}"`);
  return `{${pairs.join(',')}}`;
}

/** Prometheus knows three escapes; other control characters are shown by their code, as on a terminal. */
function escapeLabel(value: string): string {
  const lines = value.split('\n').map((line) => printable(line).replaceAll('\\', '\\\\'));
  return lines.join('\\n').replaceAll('"', '\\"');
}
