import type { CheckValue } from '../../src/checks/index.ts';
import { createMeasure, METRICS, type MetricDoors } from '../../src/metrics/index.ts';

/** Doors of which a test opens those that it needs. */
export function doors(given: Partial<MetricDoors> = {}): MetricDoors {
  const closed = () => Promise.reject(new Error('this door is closed in the test'));
  return {
    redis: closed,
    postgres: closed,
    sqs: closed,
    broker: closed,
    config: async () => ({ sources: {}, streams: {} }),
    env: { PATH: process.env.PATH },
    ...given,
  };
}

/** Measures as a plan would: what stands behind `with` goes through the schema of the metric. */
export function measuring(given: Partial<MetricDoors> = {}) {
  const measure = createMeasure(doors(given));
  return (metric: string, parameters: object, signal = new AbortController().signal): Promise<CheckValue> => {
    const parsed = METRICS[metric]!.schema.parse(parameters) as Record<string, unknown>;
    return measure({ metric, with: parsed }, signal);
  };
}
