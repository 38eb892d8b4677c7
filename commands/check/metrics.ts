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
  gauge: string;
  /** What Prometheus says of it. */
  help: string;
  /** `text`: a finding says it in words; `line`: left out of the performance data, too. */
  silent?: 'text' | 'line';
}

/** Everything that a check measures. */
export const METRICS = {
  lag: {
    label: 'lag',
    unit: 'count',
    field: 'lag',
    gauge: 'qctl_stream_lag',
    help: 'Entries that the group has not been given yet.',
  },
  age: {
    label: 'age',
    unit: 'ms',
    field: 'oldestAgeMs',
    gauge: 'qctl_stream_oldest_undelivered_age_seconds',
    help: 'Age of the oldest entry that the group has not been given yet, 0 where there is none.',
  },
  pending: {
    label: 'pending',
    unit: 'count',
    field: 'pending',
    gauge: 'qctl_stream_pending',
    help: 'Entries that the group was given and has not acknowledged.',
  },
  stuck: {
    label: 'stuck',
    unit: 'count',
    field: 'stuck',
    gauge: 'qctl_stream_stuck',
    help: 'Pending entries that nobody was given for as long as --min-idle says.',
  },
  idle: {
    label: 'idle',
    unit: 'ms',
    field: 'longestIdleMs',
    gauge: 'qctl_stream_longest_idle_seconds',
    help: 'Longest time since a pending entry was last delivered, 0 where none is pending.',
  },
  left: {
    label: 'left',
    unit: 'count',
    field: 'left',
    gauge: 'qctl_source_left',
    help: 'Messages in the source: ready, in flight and delayed.',
  },
  ready: {
    label: 'ready',
    unit: 'count',
    field: 'ready',
    gauge: 'qctl_source_ready',
    help: 'Messages in the source that can be taken.',
  },
  inFlight: {
    label: 'in flight',
    unit: 'count',
    field: 'inFlight',
    gauge: 'qctl_source_in_flight',
    help: 'Messages in the source that a consumer has taken and not finished.',
  },
  delayed: {
    label: 'delayed',
    unit: 'count',
    field: 'delayed',
    gauge: 'qctl_source_delayed',
    help: 'Messages in the source that are not due yet.',
  },
  length: {
    label: 'length',
    unit: 'count',
    field: 'length',
    gauge: 'qctl_stream_length',
    help: 'Entries in the stream.',
  },
  newDead: {
    label: 'new dead letters',
    unit: 'count',
    field: 'newDeadLetters',
    gauge: 'qctl_dead_letters_new',
    help: 'Dead letters no older than --since says.',
  },
  dead: {
    label: 'dead letters',
    unit: 'count',
    field: 'deadLetters',
    gauge: 'qctl_dead_letters',
    help: 'Entries in the dead-letter stream.',
  },
  latency: {
    label: 'latency',
    unit: 'ms',
    field: 'latencyMs',
    gauge: 'qctl_redis_latency_seconds',
    help: 'Median time of a PING, of the slowest node.',
  },
  memory: {
    label: 'memory',
    unit: 'percent',
    field: 'memoryPercent',
    gauge: 'qctl_redis_memory_used_ratio',
    help: 'Share of maxmemory that is used, of the fullest node.',
  },
  usedMemory: {
    label: 'used memory',
    unit: 'bytes',
    field: 'usedMemoryBytes',
    gauge: 'qctl_redis_memory_used_bytes',
    help: 'Memory that is used, of the fullest node.',
  },
  evicted: {
    label: 'evicted keys',
    unit: 'counter',
    field: 'evictedKeys',
    gauge: 'qctl_redis_evicted_keys_total',
    help: 'Keys that Redis deleted to make room, since its start.',
  },
  rejected: {
    label: 'rejected connections',
    unit: 'counter',
    field: 'rejectedConnections',
    gauge: 'qctl_redis_rejected_connections_total',
    help: 'Connections that Redis refused for maxclients, since its start.',
  },
  ...BREAKER_METRICS,
} as const satisfies Record<string, MetricFormat>;

/** See {@link METRICS}. */
export type Metric = keyof typeof METRICS;
