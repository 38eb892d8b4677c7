import * as z from 'zod';
import { PERCENTILES, type Percentile, STAGES, type Stage } from './result.ts';

/** Unknown is null, never 0. */
const number = z.number().nullable();

/** The same schema under each of these names. */
function each<K extends string, S extends z.ZodType>(names: readonly K[], schema: S): Record<K, S> {
  return Object.fromEntries(names.map((name) => [name, schema])) as Record<K, S>;
}

const latency = z
  .looseObject({
    ...each(Object.keys(PERCENTILES) as Percentile[], z.number()),
    ...each(['count', 'min', 'mean', 'max'], z.number()),
    histogram: z.string(),
  })
  .nullable();

const counts = z.looseObject({
  ...each(
    [
      'planned',
      'sent',
      'confirmed',
      'failed',
      'dropped',
      'late',
      'delivered',
      'processed',
      'unprocessed',
      'doubled',
      'outOfOrder',
      'corrupted',
      'redelivered',
      'deadLettered',
      'foreign',
      'errors',
    ],
    z.number(),
  ),
  lost: number,
});

const second = z.looseObject({
  ...each(
    [
      'second',
      'wanted',
      'sent',
      'confirmed',
      'processed',
      'failed',
      'dropped',
      'loopDelayMs',
      'generatorCpu',
    ],
    z.number(),
  ),
  phase: z.enum(['warmup', 'measure', 'drain']),
  enqueue: latency,
  endToEnd: latency,
  backend: z
    .looseObject(
      each(
        ['length', 'lag', 'pending', 'memoryBytes', 'memoryShare', 'queueBytes', 'cpuSeconds'] as const,
        number,
      ),
    )
    .nullable(),
  backendCpu: number,
});

const fault = z.looseObject({
  text: z.string(),
  atMs: z.number(),
  done: z.boolean(),
  why: z.string().nullable(),
  redelivered: z.number(),
  recoveredMs: number,
});

const threshold = z.looseObject({
  text: z.string(),
  holds: z.boolean().nullable(),
  values: z.record(z.string(), number),
});

const environment = z.looseObject({
  ...each(['workload', 'qctl', 'node', 'platform', 'cpu', 'host'], z.string()),
  ...each(['cores', 'memoryBytes'], z.number()),
  workloadParts: z.record(z.string(), z.string()),
});

const head = {
  ...each(['run', 'startedAt', 'endedAt'], z.string()),
  ...each(['warmupMs', 'sendingMs', 'elapsedMs'], z.number()),
  type: z.literal('load'),
  version: z.literal(1),
  name: z.string().nullable(),
  target: z.looseObject({
    ...each(['kind', 'label', 'name'], z.string()),
    version: z.string().nullable(),
    groups: z.number(),
  }),
  verdict: z.enum(['passed', 'failed', 'invalid', 'stopped']),
  reasons: z.array(z.string()),
};

/** A `LoadResult` as it is in a file. What a later qctl has added stays. */
export const resultSchema = z.looseObject({
  ...head,
  rates: z.looseObject(each(['wanted', 'sent', 'reached', 'processed'], number)),
  counts,
  latency: z.looseObject(each<Stage, typeof latency>(STAGES, latency)),
  backend: z.looseObject(
    each(
      ['length', 'lag', 'pending', 'memoryBytes', 'memoryGrowthBytes', 'queueBytes', 'cpu'] as const,
      number,
    ),
  ),
  generator: z.looseObject({
    ...each(['cpu', 'loopDelayP99Ms', 'loopDelayMaxMs', 'behindMs'], z.number()),
    limited: z.boolean(),
    reasons: z.array(z.string()),
  }),
  faults: z.array(fault),
  thresholds: z.array(threshold),
  seconds: z.array(second),
  environment,
});

/** Results of several runs, as they are in a file. */
export const resultsSchema = z.looseObject({
  type: z.literal('load-results'),
  version: z.literal(1),
  runs: z.array(resultSchema),
});
