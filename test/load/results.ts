import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import {
  type Latency,
  type LoadCounts,
  type LoadResult,
  type LoadSecond,
  PERCENTILES,
  STAGES,
} from '../../src/load/result.ts';

/** What a made-up run is to say; all else is that of a small run that went well. */
export interface MadeRun {
  run?: string;
  /** Of all times, in ms: p99 is twice, the mean is this. */
  latencyMs?: number;
  rate?: number;
  counts?: Partial<LoadCounts>;
  seconds?: LoadSecond[];
  over?: Partial<LoadResult>;
  environment?: Partial<LoadResult['environment']>;
}

const COUNTS: LoadCounts = {
  planned: 60_000,
  sent: 60_000,
  confirmed: 60_000,
  failed: 0,
  dropped: 0,
  late: 0,
  delivered: 60_000,
  processed: 60_000,
  unprocessed: 0,
  lost: 0,
  doubled: 0,
  outOfOrder: 0,
  corrupted: 0,
  redelivered: 0,
  deadLettered: 0,
  foreign: 0,
  errors: 0,
};

/** The result of a run as it stands in a file. */
export function madeRun({ run = 'r1', latencyMs = 10, rate = 1000, ...made }: MadeRun = {}): LoadResult {
  const { counts = {}, seconds = [], over = {}, environment = {} } = made;
  const latency = flatLatency(latencyMs);
  return {
    type: 'load',
    version: 1,
    run,
    name: 'orders',
    startedAt: '2026-01-05T10:00:00.000Z',
    endedAt: '2026-01-05T10:01:00.000Z',
    target: {
      kind: 'redis',
      label: '127.0.0.1:6379',
      name: `qctl:load:{${run}}`,
      version: 'redis 7.0.15',
      groups: 1,
    },
    verdict: 'passed',
    reasons: [],
    warmupMs: 10_000,
    sendingMs: 60_000,
    elapsedMs: 60_500,
    rates: { wanted: 1000, sent: rate, reached: rate, processed: rate },
    counts: { ...COUNTS, ...counts },
    latency: Object.fromEntries(STAGES.map((stage) => [stage, latency])) as LoadResult['latency'],
    backend: {
      length: 2000,
      lag: 30,
      pending: 12,
      memoryBytes: 50_000_000,
      memoryGrowthBytes: 5_000_000,
      queueBytes: 4_000_000,
      cpu: 0.4,
    },
    generator: { limited: false, reasons: [], cpu: 0.5, loopDelayP99Ms: 2, loopDelayMaxMs: 9, behindMs: 8 },
    faults: [],
    thresholds: [],
    seconds,
    environment: {
      workload: 'a'.repeat(64),
      workloadParts: {
        arrivals: '{"stages":[{"kind":"constant","rate":1000,"durationMs":60000}],"count":null}',
        payload: '{"bytes":1024}',
        keys: 'null',
        faults: '[]',
      },
      qctl: '0.1.0',
      node: 'v20.19.0',
      platform: 'linux x64',
      cpu: 'Xeon E5',
      cores: 2,
      memoryBytes: 8_000_000_000,
      host: 'bench-1',
      ...environment,
    },
    ...over,
  };
}

function flatLatency(ms: number): Latency {
  const tail = { p50: 1, p75: 1.2, p90: 1.5, p95: 1.7, p99: 2, p999: 3, p9999: 4 };
  const percentiles = Object.fromEntries(Object.entries(tail).map(([name, times]) => [name, ms * times]));
  return {
    ...(percentiles as typeof tail),
    count: 50_000,
    min: ms / 2,
    mean: ms,
    max: ms * 5,
    histogram: '',
  };
}

/** Seconds after a warm-up of two, each with so many messages of the given times in ms. */
export function madeSeconds(count: number, messages: number, latencyMs: () => number): LoadSecond[] {
  return Array.from({ length: count + 2 }, (_, second) => {
    const phase = second < 2 ? 'warmup' : 'measure';
    // What is not measured must not matter.
    const times = Array.from({ length: messages }, () => latencyMs() * (second < 2 ? 50 : 1));
    return { ...quietSecond(second, messages), phase, endToEnd: latencyOf(times) };
  });
}

function quietSecond(second: number, messages: number): Omit<LoadSecond, 'phase'> {
  const done = { wanted: messages, sent: messages, confirmed: messages, processed: messages };
  return {
    ...{ second, ...done, failed: 0, dropped: 0, enqueue: null, endToEnd: null, backend: null },
    ...{ backendCpu: null, loopDelayMs: 1, generatorCpu: 0.5 },
  };
}

/** Of times in ms. */
export function histogramOf(times: readonly number[]): Histogram {
  const histogram = build({ numberOfSignificantValueDigits: 3, highestTrackableValue: 3_600_000_000 });
  for (const ms of times) histogram.recordValue(Math.round(ms * 1000));
  return histogram;
}

function latencyOf(times: readonly number[]): Latency {
  const histogram = histogramOf(times);
  const at = (percentile: number) => histogram.getValueAtPercentile(percentile) / 1000;
  const percentiles = Object.fromEntries(
    Object.entries(PERCENTILES).map(([name, percentile]) => [name, at(percentile)]),
  ) as Record<keyof typeof PERCENTILES, number>;
  return {
    ...percentiles,
    count: times.length,
    min: Math.min(...times),
    mean: histogram.mean / 1000,
    max: Math.max(...times),
    histogram: encodeIntoCompressedBase64(histogram),
  };
}
