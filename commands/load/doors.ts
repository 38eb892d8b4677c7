import type { LoadDoors } from '../../src/load/index.ts';
import type { Context } from '../context.ts';
import { defined } from '../defined.ts';

/** Where SQS is, for a queue that is not there yet. */
export interface SqsFlags {
  region?: string;
  sqsEndpoint?: string;
}

/** What a load test may touch: the connections of this configuration, and this environment. */
export function loadDoors(context: Context, { region, sqsEndpoint }: SqsFlags = {}): LoadDoors {
  return {
    redis: () => context.redis(),
    postgres: (source) => context.postgresOptions(source),
    broker: (source) => context.brokerOptions(source),
    sqs: (source) => context.sqsOptions(source),
    config: () => context.config(),
    env: { ...context.env, ...defined({ QCTL_REGION: region, QCTL_SQS_ENDPOINT: sqsEndpoint }) },
  };
}
