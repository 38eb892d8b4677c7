import { judgeItem } from '../../src/checks/index.ts';
import { formatFamilies } from '../../src/model/exposition.ts';
import { metricFamilies } from '../check/format-metrics.ts';
import type { ShownBreaker } from './chosen.ts';
import { breakerItem } from './readings.ts';

/** The metrics of `check`, without its statuses. */
export function formatBreakerMetrics(breakers: readonly ShownBreaker[]): string {
  return formatFamilies(metricFamilies(breakers.map((one) => judgeItem(breakerItem(one)))));
}
