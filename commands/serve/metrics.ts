import type { Seen } from '../../src/overview/index.ts';
import type { Context } from '../context.ts';
import { formatFamilies, gauge } from '../term/prometheus.ts';

/** What Prometheus is told of each look. */
export function metricsOf(_context: Context, _consumers: boolean): (seen: Seen, viewers: number) => string {
  return ({ away }) =>
    formatFamilies([gauge('qctl_up', 'Whether Redis answers.', [{ labels: {}, value: away ? 0 : 1 }])]);
}
