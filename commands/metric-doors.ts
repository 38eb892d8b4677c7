import type { MetricDoors } from '../src/metrics/index.ts';
import type { Context } from './context.ts';

/** What measuring and looking may touch: the connections of this configuration, this environment. */
export function metricDoors(context: Context) {
  return {
    redis: () => context.redis(),
    postgres: (source?: string) => context.postgresOptions(source),
    broker: (source?: string) => context.brokerOptions(source),
    sqs: (source?: string) => context.sqsOptions(source),
    config: () => context.config(),
    env: context.env,
  } satisfies MetricDoors;
}
