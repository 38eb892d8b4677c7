/** What checks can measure: one file a metric, each over the connections that whoever measures has. */

import type { Measure, MetricRef } from '../checks/index.ts';
import { QctlError } from '../errors.ts';
import { breakerState } from './breaker-state.ts';
import { command } from './command.ts';
import { dlqLength } from './dlq-length.ts';
import { dlqRate } from './dlq-rate.ts';
import { http } from './http.ts';
import type { Measuring, Metric, MetricDoors } from './metric.ts';
import { prometheus } from './prometheus.ts';
import { redisLag } from './redis-lag.ts';
import { redisMemory } from './redis-memory.ts';
import { redisOldestPending } from './redis-oldest-pending.ts';
import { redisPending } from './redis-pending.ts';
import { redisUp } from './redis-up.ts';
import { redisValue } from './redis-value.ts';
import { sourceDepth } from './source-depth.ts';
import { sourceInFlight } from './source-in-flight.ts';
import { sql } from './sql.ts';
import { streamLength } from './stream-length.ts';
import { streamOldestAge } from './stream-oldest-age.ts';
import { streamRate } from './stream-rate.ts';
import { systemdActive } from './systemd-active.ts';

export type { Metric, MetricDoors, MetricUnit } from './metric.ts';
export { sourceOf } from './source-of.ts';

/** Metrics by name. */
export type Metrics = Readonly<Record<string, Metric>>;

/** Every metric that there is, in the order of the documentation. */
export const METRICS: Metrics = byName([
  redisUp,
  redisLag,
  redisPending,
  redisOldestPending,
  redisMemory,
  redisValue,
  streamLength,
  streamOldestAge,
  streamRate,
  dlqLength,
  dlqRate,
  sourceDepth,
  sourceInFlight,
  sql,
  breakerState,
  http,
  prometheus,
  command,
  systemdActive,
]);

/** A table of metrics. */
export function byName(metrics: readonly Metric[]): Metrics {
  return Object.fromEntries(metrics.map((one) => [one.name, one]));
}

/**
 * Measures over these connections, for as long as whoever asks has them. A rate needs what was there before: measure
 * with the same function all the time.
 *
 * @param metrics what may be measured; a room above may add its own
 */
export function createMeasure(doors: MetricDoors, metrics: Metrics = METRICS): Measure {
  const memories = new Map<string, Measuring['memory']>();
  const memoryOf = (ref: MetricRef): Measuring['memory'] => {
    const key = JSON.stringify([ref.metric, ref.with]);
    const memory = memories.get(key) ?? {};
    memories.set(key, memory);
    return memory;
  };
  return async (ref, signal) => {
    const metric = Object.hasOwn(metrics, ref.metric) ? metrics[ref.metric] : undefined;
    if (!metric) {
      throw new QctlError('config', `metric ${ref.metric} is not known`, {
        code: 'METRIC_UNKNOWN',
        hint: [`known are ${Object.keys(metrics).join(', ')}`],
      });
    }
    const from = ref.cwd === undefined ? doors : { ...doors, cwd: ref.cwd };
    return metric.measure(ref.with, { doors: from, signal, memory: memoryOf(ref) });
  };
}
