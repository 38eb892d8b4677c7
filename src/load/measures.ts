import { type Latency, type LoadResult, PERCENTILES, STAGES } from './result.ts';

/** What of a latency has a name. */
const TIMES = [...Object.keys(PERCENTILES), 'mean', 'min', 'max'] as (keyof Omit<
  Latency,
  'histogram' | 'count'
>)[];

/** Of `counts`. */
const COUNTS = [
  'sent',
  'confirmed',
  'failed',
  'dropped',
  'late',
  'processed',
  'unprocessed',
  'lost',
  'doubled',
  'outOfOrder',
  'corrupted',
  'redelivered',
  'deadLettered',
  'foreign',
  'errors',
] as const;

/** Not known where nothing consumes. */
const OF_CONSUMERS: ReadonlySet<string> = new Set([
  'processed',
  'unprocessed',
  'doubled',
  'outOfOrder',
  'corrupted',
  'redelivered',
  'deadLettered',
  'foreign',
]);

/**
 * What thresholds may speak of. `p99` alone is end to end, or `enqueue` where nothing consumes. `rate` is what the
 * target has confirmed by the second, `lag`, `pending`, `length`, `memory` and `cpu` the most that was seen;
 * `memory` is bytes over what was used before.
 */
export const MEASURES: readonly string[] = [
  ...TIMES,
  ...STAGES.flatMap((stage) => TIMES.map((time) => `${stage}.${time}`)),
  'rate',
  'processedRate',
  ...COUNTS,
  'lag',
  'pending',
  'length',
  'memory',
  'queueBytes',
  'cpu',
];

/** What of a result the measures come from. */
export type Measured = Pick<LoadResult, 'target' | 'counts' | 'rates' | 'latency' | 'backend'>;

/** The numbers by those names; null where there is none. Times are ms. */
export function measuresOf({
  target,
  counts,
  rates,
  latency,
  backend,
}: Measured): Record<string, number | null> {
  const whole = latency.endToEnd ?? latency.enqueue;
  const values: Record<string, number | null> = {};
  for (const time of TIMES) values[time] = whole?.[time] ?? null;
  for (const stage of STAGES)
    for (const time of TIMES) values[`${stage}.${time}`] = latency[stage]?.[time] ?? null;
  const unseen = target.groups === 0;
  for (const count of COUNTS) values[count] = unseen && OF_CONSUMERS.has(count) ? null : counts[count];
  return {
    ...values,
    rate: rates.reached,
    processedRate: rates.processed,
    lag: backend.lag,
    pending: backend.pending,
    length: backend.length,
    memory: backend.memoryGrowthBytes,
    queueBytes: backend.queueBytes,
    cpu: backend.cpu,
  };
}
