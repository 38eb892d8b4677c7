import type { MetricDoors } from '../src/metrics/index.ts';
import type { OverviewDoors } from '../src/overview/index.ts';
import type { Context } from './context.ts';

/** What a look at everything may touch: the connections of this configuration, this environment. */
export function overviewDoors(context: Context): OverviewDoors & MetricDoors {
  return {
    redis: () => context.redis(),
    postgres: (source) => context.postgresOptions(source),
    sqs: (source) => context.sqsOptions(source),
    config: () => context.config(),
    env: context.env,
  };
}
