import * as z from 'zod';
import { METRICS, type Metric, type MetricUnit } from '../src/metrics/index.ts';

const UNITS: Record<MetricUnit, string> = {
  count: 'number',
  ms: 'duration',
  bytes: 'bytes',
  part: 'part of 1',
  perSecond: 'a second',
  text: 'text',
  any: 'number, text, true or false',
};

/** The table of metrics in docs/plan-checks.md, from the one that the code goes by. */
export function metricsTable(): string {
  const rows = Object.values(METRICS).map((metric) => {
    const { name, unit, description } = metric;
    return `| \`${name}\` | ${parameters(metric)} | ${UNITS[unit]} | ${description.replaceAll('|', '\\|')} |`;
  });
  return ['| metric | `with` | value | what it is |', '|---|---|---|---|', ...rows].join('\n');
}

/** Those that may be left out stand in brackets. */
function parameters({ schema }: Metric): string {
  const { properties = {}, required = [] } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  const names = Object.keys(properties).map((name) =>
    required.includes(name) ? `\`${name}\`` : `[\`${name}\`]`,
  );
  return names.join(', ');
}
