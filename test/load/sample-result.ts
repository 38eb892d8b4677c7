import { build, encodeIntoCompressedBase64, type Histogram } from 'hdr-histogram-js';
import {
  type Latency,
  type LoadCounts,
  type LoadResult,
  type LoadSecond,
  PERCENTILES,
  type Percentile,
  STAGES,
  type Stage,
} from '../../src/load/index.ts';
import { seededRandom } from '../support/random.ts';

/** How the run of {@link sampleResult} went. */
export interface SampleShape {
  /** Without warm-up and drain. */
  seconds?: number;
  perSecond?: number;
  warmupSeconds?: number;
  /** The target stands still in the middle, for so long. */
  stallMs?: number;
  seed?: number;
}

/** One message: when it was wanted, handed over, sent, confirmed, delivered, acknowledged; in ms from the start. */
interface Sample {
  wanted: number;
  handed: number;
  sent: number;
  confirmed: number;
  delivered: number;
  done: number;
}

/** As many are on the way while the target stands still; the others wait in the generator. */
const IN_FLIGHT = 64;
const START = Date.UTC(2026, 0, 15, 10);
const MIB = 1024 ** 2;

const NO_COUNTS: LoadCounts = {
  ...{ planned: 0, sent: 0, confirmed: 0, failed: 0, dropped: 0, late: 0, delivered: 0, processed: 0 },
  ...{ lost: 0, doubled: 0, outOfOrder: 0, corrupted: 0, redelivered: 0, deadLettered: 0, foreign: 0 },
  ...{ unprocessed: 0, errors: 0 },
};

const SPANS: Record<Stage, (sample: Sample) => number> = {
  schedule: ({ wanted, handed }) => handed - wanted,
  enqueue: ({ wanted, confirmed }) => confirmed - wanted,
  enqueueSent: ({ sent, confirmed }) => confirmed - sent,
  wait: ({ confirmed, delivered }) => delivered - confirmed,
  processing: ({ delivered, done }) => done - delivered,
  endToEnd: ({ wanted, done }) => done - wanted,
  endToEndSent: ({ sent, done }) => done - sent,
};

/** A histogram as the results have them. */
export function newHistogram(): Histogram {
  return build({
    bitBucketSize: 64,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 3_600_000_000,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}

/** A latency of these values, in ms; null where there are none. */
export function latencyOf(values: readonly number[], histogram = newHistogram()): Latency | null {
  if (values.length === 0) return null;
  histogram.reset();
  for (const value of values) histogram.recordValue(Math.max(1, Math.round(value * 1000)));
  const names = Object.entries(PERCENTILES) as [Percentile, number][];
  const at = Object.fromEntries(
    names.map(([name, percentile]) => [name, histogram.getValueAtPercentile(percentile) / 1000]),
  ) as Record<Percentile, number>;
  return {
    ...at,
    count: histogram.totalCount,
    min: histogram.minNonZeroValue / 1000,
    mean: histogram.mean / 1000,
    max: histogram.maxValue / 1000,
    histogram: encodeIntoCompressedBase64(histogram),
  };
}

/**
 * What a load run might have measured: 1,000 messages a second for a minute after two of warm-up, on a stream with
 * one group, with a target that stands still for 1.4 s in the middle. The same each time.
 */
export function sampleResult(overrides: Partial<LoadResult> = {}, shape: SampleShape = {}): LoadResult {
  const { seconds = 60, perSecond = 1000, warmupSeconds = 2, stallMs = 1400, seed = 1 } = shape;
  const warmupMs = warmupSeconds * 1000;
  const sendingMs = warmupMs + seconds * 1000;
  const stallAt = warmupMs + Math.floor(seconds / 2) * 1000;
  const samples = samplesOf({ sendingMs, perSecond, stallAt, stallMs, seed });
  const measured = samples.filter(({ wanted }) => wanted >= warmupMs);
  const histogram = newHistogram();
  const latency = Object.fromEntries(
    STAGES.map((stage) => [stage, latencyOf(measured.map(SPANS[stage]), histogram)]),
  ) as LoadResult['latency'];
  const series = secondsOf(samples, { sendingMs, warmupMs, perSecond, stallAt, stallMs }, histogram);
  const all = samples.length;
  const reached = measured.length / seconds;
  const p99 = latency.endToEnd!.p99;
  return {
    type: 'load',
    version: 1,
    run: '20260115-100000-4f2a',
    name: 'orders at the rate of a Monday',
    startedAt: new Date(START).toISOString(),
    endedAt: new Date(START + series.length * 1000).toISOString(),
    target: {
      kind: 'redis',
      label: 'redis://127.0.0.1:6379/0',
      name: 'qctl:load:{20260115-100000-4f2a}',
      version: 'redis 7.0.15',
      groups: 1,
    },
    verdict: p99 < 10 ? 'passed' : 'failed',
    reasons: p99 < 10 ? [] : [`endToEnd.p99 < 10ms does not hold: it was ${Math.round(p99)} ms`],
    warmupMs,
    sendingMs,
    elapsedMs: series.length * 1000,
    rates: { wanted: perSecond, sent: reached, reached, processed: reached },
    counts: {
      ...NO_COUNTS,
      ...{ planned: all, sent: all, confirmed: all, delivered: all, processed: all },
      late: samples.filter(({ wanted, sent }) => sent - wanted > 50).length,
    },
    latency,
    backend: {
      length: all,
      lag: most(series.map(({ backend }) => backend?.lag ?? null)),
      pending: most(series.map(({ backend }) => backend?.pending ?? null)),
      memoryBytes: most(series.map(({ backend }) => backend?.memoryBytes ?? null)),
      memoryGrowthBytes: 0.0006 * MIB * all,
      queueBytes: 0.0005 * MIB * all,
      cpu: most(series.map(({ backendCpu }) => backendCpu)),
    },
    generator: {
      ...{ limited: false, reasons: [], cpu: 0.42, loopDelayP99Ms: 3.1, loopDelayMaxMs: 11.8 },
      behindMs: 4.2,
    },
    faults: [
      {
        ...{ text: 'pause redis for 1.4s', atMs: stallAt, done: true, why: null },
        ...{ redelivered: 0, recoveredMs: stallMs + 120 },
      },
    ],
    thresholds: [
      { text: 'endToEnd.p99 < 10ms', holds: p99 < 10, values: { 'endToEnd.p99': p99 } },
      { text: 'lost == 0', holds: true, values: { lost: 0 } },
    ],
    seconds: series,
    environment: {
      workload: 'b0f1'.repeat(16),
      workloadParts: { arrivals: `constant ${perSecond}/s for ${seconds}s`, payload: '1024 bytes' },
      ...{ qctl: '0.1.0', node: 'v20.19.0', platform: 'linux x64', cpu: 'Some CPU @ 2.50GHz', cores: 2 },
      ...{ memoryBytes: 4096 * MIB, host: 'load-1' },
    },
    ...overrides,
  };
}

interface Course {
  sendingMs: number;
  warmupMs: number;
  perSecond: number;
  stallAt: number;
  stallMs: number;
}

function samplesOf({
  sendingMs,
  perSecond,
  stallAt,
  stallMs,
  seed,
}: Omit<Course, 'warmupMs'> & { seed: number }): Sample[] {
  const random = seededRandom(seed);
  const until = stallAt + stallMs;
  const noise = (ms: number) => ms * (0.6 + random()) + (random() < 0.01 ? ms * 4 * random() : 0);
  const answered = (ms: number) => (ms >= stallAt && ms < until ? until + noise(0.7) : ms);
  let stuck = 0;
  return Array.from({ length: Math.round((sendingMs * perSecond) / 1000) }, (_, at) => {
    const wanted = (at * 1000) / perSecond;
    const handed = wanted + random() * 0.8;
    const stalled = handed >= stallAt && handed < until;
    if (stalled) stuck += 1;
    const sent = stalled && stuck > IN_FLIGHT ? until + (stuck - IN_FLIGHT) * 0.1 : handed;
    const confirmed = answered(sent + noise(0.7));
    const delivered = answered(confirmed + noise(0.5));
    return { wanted, handed, sent, confirmed, delivered, done: answered(delivered + noise(1.1)) };
  });
}

function secondsOf(samples: readonly Sample[], course: Course, histogram: Histogram): LoadSecond[] {
  const { sendingMs, warmupMs, perSecond, stallAt, stallMs } = course;
  const length = sendingMs / 1000 + 1;
  const by = (time: keyof Sample): Sample[][] => {
    const buckets: Sample[][] = Array.from({ length }, () => []);
    for (const sample of samples)
      buckets[Math.min(length - 1, Math.floor(sample[time] / 1000))]!.push(sample);
    return buckets;
  };
  const [sent, confirmed, done] = [by('sent'), by('confirmed'), by('done')];
  let sentSoFar = 0;
  let doneSoFar = 0;
  return Array.from({ length }, (_, second) => {
    const startMs = second * 1000;
    const sending = startMs < sendingMs;
    const still = startMs >= stallAt && startMs + 1000 <= stallAt + stallMs;
    sentSoFar += sent[second]!.length;
    doneSoFar += done[second]!.length;
    const behind = sentSoFar - doneSoFar;
    return {
      second,
      phase: sending ? (startMs < warmupMs ? 'warmup' : 'measure') : 'drain',
      wanted: sending ? perSecond : 0,
      ...{ sent: sent[second]!.length, confirmed: confirmed[second]!.length },
      ...{ processed: done[second]!.length, failed: 0, dropped: 0 },
      enqueue: latencyOf(confirmed[second]!.map(SPANS.enqueue), histogram),
      endToEnd: latencyOf(done[second]!.map(SPANS.endToEnd), histogram),
      backend: still
        ? null
        : {
            length: sentSoFar,
            lag: 3 + (second % 4) + behind,
            pending: 8 + (second % 5),
            memoryBytes: 30 * MIB + 640 * sentSoFar,
            memoryShare: null,
            queueBytes: 540 * sentSoFar,
            cpuSeconds: 100 + second * 0.3,
          },
      backendCpu: still ? null : 0.28 + (second % 7) / 100,
      loopDelayMs: 2 + (second % 5) / 2,
      generatorCpu: sending ? 0.4 + (second % 6) / 100 : 0.05,
    };
  });
}

function most(values: readonly (number | null)[]): number | null {
  return values.reduce((a, b) => (a === null || (b !== null && b > a) ? b : a), null);
}
