import { CHECK_SERIES } from '../../src/model/series/checks.ts';
import type { MetricDefinition } from '../../src/model/series/definition.ts';
import { REDIS_SERIES } from '../../src/model/series/redis.ts';
import { SOURCE_SERIES } from '../../src/model/series/sources.ts';
import { DEAD_LETTER_SERIES, GROUP_SERIES, STREAM_SERIES } from '../../src/model/series/streams.ts';
import { BREAKER_METRICS } from './breaker-metrics.ts';

/** In what a metric is counted; durations are in ms and memory shares in percent until they are printed. */
export type Unit = 'count' | 'counter' | 'ms' | 'percent' | 'bytes';

/** How one metric is called. */
export interface MetricFormat {
  /** In the status line and the performance data. */
  label: string;
  unit: Unit;
  /** In JSON, its unit included. */
  field: string;
  /** In Prometheus, in its base units: seconds, bytes, ratios. */
  series: MetricDefinition;
  /** Where the number stands for a word: those words, from 0 on. In Prometheus each has a series, of 0 or 1. */
  states?: readonly string[];
  /** `text`: a finding says it in words; `line`: left out of the performance data, too. */
  silent?: 'text' | 'line';
}

/** Everything that a check measures. */
export const METRICS = {
  lag: {
    label: 'lag',
    unit: 'count',
    field: 'lag',
    series: GROUP_SERIES.lag,
  },
  age: {
    label: 'age',
    unit: 'ms',
    field: 'oldestAgeMs',
    series: GROUP_SERIES.oldestUndelivered,
  },
  pending: {
    label: 'pending',
    unit: 'count',
    field: 'pending',
    series: GROUP_SERIES.pending,
  },
  stuck: {
    label: 'stuck',
    unit: 'count',
    field: 'stuck',
    series: CHECK_SERIES.stuck,
  },
  idle: {
    label: 'idle',
    unit: 'ms',
    field: 'longestIdleMs',
    series: CHECK_SERIES.idle,
  },
  left: {
    label: 'left',
    unit: 'count',
    field: 'left',
    series: CHECK_SERIES.left,
  },
  ready: {
    label: 'ready',
    unit: 'count',
    field: 'ready',
    series: SOURCE_SERIES.ready,
  },
  inFlight: {
    label: 'in flight',
    unit: 'count',
    field: 'inFlight',
    series: SOURCE_SERIES.inFlight,
  },
  delayed: {
    label: 'delayed',
    unit: 'count',
    field: 'delayed',
    series: CHECK_SERIES.delayed,
  },
  length: {
    label: 'length',
    unit: 'count',
    field: 'length',
    series: STREAM_SERIES.length,
  },
  newDead: {
    label: 'new dead letters',
    unit: 'count',
    field: 'newDeadLetters',
    series: CHECK_SERIES.newDead,
  },
  dead: {
    label: 'dead letters',
    unit: 'count',
    field: 'deadLetters',
    series: DEAD_LETTER_SERIES.count,
  },
  latency: {
    label: 'latency',
    unit: 'ms',
    field: 'latencyMs',
    series: CHECK_SERIES.latency,
  },
  memory: {
    label: 'memory',
    unit: 'percent',
    field: 'memoryPercent',
    series: CHECK_SERIES.memory,
  },
  usedMemory: {
    label: 'used memory',
    unit: 'bytes',
    field: 'usedMemoryBytes',
    series: REDIS_SERIES.usedMemory,
  },
  evicted: {
    label: 'evicted keys',
    unit: 'counter',
    field: 'evictedKeys',
    series: REDIS_SERIES.evicted,
  },
  rejected: {
    label: 'rejected connections',
    unit: 'counter',
    field: 'rejectedConnections',
    series: CHECK_SERIES.rejected,
  },
  ...BREAKER_METRICS,
} as const satisfies Record<string, MetricFormat>;

/** See {@link METRICS}. */
export type Metric = keyof typeof METRICS;
