import type { LoadDoors } from '../../src/load/index.ts';
import type { Context } from '../context.ts';

/** What a load test may touch: the connections of this configuration, and this environment. */
export function loadDoors(context: Context): LoadDoors {
  return {
    redis: () => context.redis(),
    postgres: (source) => context.postgresOptions(source),
    sqs: (source) => context.sqsOptions(source),
    config: () => context.config(),
    env: context.env,
  };
}
