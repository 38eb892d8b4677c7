import type { BackendSample } from './targets/target.ts';

/**
 * Parts of the way of a message. `schedule`: intended -> handed over by the generator. `enqueue`: intended ->
 * confirmed. `wait`: confirmed -> delivered. `processing`: delivered -> acknowledged. `endToEnd`: intended ->
 * acknowledged. `enqueueSent` and `endToEndSent` count from the actual sending instead, and hide what waited before.
 */
export const STAGES = [
  'schedule',
  'enqueue',
  'enqueueSent',
  'wait',
  'processing',
  'endToEnd',
  'endToEndSent',
] as const;
export type Stage = (typeof STAGES)[number];

/** Percentiles by the name that thresholds use. */
export const PERCENTILES = {
  p50: 50,
  p75: 75,
  p90: 90,
  p95: 95,
  p99: 99,
  p999: 99.9,
  p9999: 99.99,
} as const;
export type Percentile = keyof typeof PERCENTILES;

/** Times in ms, of three significant digits. */
export interface Latency extends Record<Percentile, number> {
  count: number;
  min: number;
  mean: number;
  max: number;
  /** All values, in µs: HdrHistogram V2, compressed, base64. */
  histogram: string;
}

/** What became of the messages. Those of the warm-up are in it, too: none may be lost. */
export interface LoadCounts {
  /** Of the schedule, as far as it came. */
  planned: number;
  sent: number;
  confirmed: number;
  /** Not confirmed: the target or the connection said no. */
  failed: number;
  /** Never sent, since too many were waiting. */
  dropped: number;
  /** Sent more than 50 ms after their time, for whatever reason. */
  late: number;
  /** Each group by itself: one message and ten groups are ten. So with all that follow. */
  delivered: number;
  processed: number;
  /** Confirmed, and left in the queue when the run ended. */
  unprocessed: number;
  /** Confirmed, and never to be got. Null where that is not known: nothing consumes, or the queue was not empty. */
  lost: number | null;
  /** Times that a message was processed again by the same group. */
  doubled: number;
  /** Delivered after a later one of the same key, to the same group. Redelivered ones do not count. */
  outOfOrder: number;
  /** Delivered with another body than was sent. */
  corrupted: number;
  /** Deliveries of a message that had been delivered to this group, and not been processed. */
  redelivered: number;
  deadLettered: number;
  /** Deliveries that are not of this run. */
  foreign: number;
  /** Calls that failed, of producers and consumers. */
  errors: number;
}

/** One second of a run. Counts are of what happened in it. */
export interface LoadSecond {
  /** From the start: 0, 1, … */
  second: number;
  phase: 'warmup' | 'measure' | 'drain';
  /** That the schedule had for it. */
  wanted: number;
  sent: number;
  confirmed: number;
  processed: number;
  failed: number;
  dropped: number;
  /** Of what ended in this second; null where nothing did. */
  enqueue: Latency | null;
  endToEnd: Latency | null;
  /** Null where the server did not answer. */
  backend: BackendSample | null;
  /** Of the server in this second, in cores. */
  backendCpu: number | null;
  /** The longest that this process was held, in ms, and its CPU in cores. */
  loopDelayMs: number;
  generatorCpu: number;
}

/** What a fault did. */
export interface FaultReport {
  text: string;
  /** From the start, in ms. */
  atMs: number;
  /** False where it could not be done: `why` says. */
  done: boolean;
  why: string | null;
  /** Deliveries of messages in hand at that moment that came again, and how long until the last had been processed. */
  redelivered: number;
  recoveredMs: number | null;
}

/** One threshold. `holds` is null where there was nothing to judge: no pass. */
export interface ThresholdReport {
  text: string;
  holds: boolean | null;
  /** The names in it, with their values. */
  values: Record<string, number | null>;
}

/** What two results must share to be compared, and what else was there. */
export interface Fingerprint {
  /** SHA-256 of the workload: arrivals, payload, keys, producers, consumers, faults; not the target. */
  workload: string;
  /** The same in words, a part a line, so that a difference can be told. */
  workloadParts: Record<string, string>;
  qctl: string;
  node: string;
  platform: string;
  cpu: string;
  cores: number;
  memoryBytes: number;
  host: string;
}

export type LoadVerdict = 'passed' | 'failed' | 'invalid' | 'stopped';

/** What a load run has measured. A stable format: fields are added, never changed. */
export interface LoadResult {
  type: 'load';
  version: 1;
  run: string;
  name: string | null;
  startedAt: string;
  endedAt: string;
  target: { kind: string; label: string; name: string; version: string | null; groups: number };
  /** `invalid`: the numbers say little of the target, whatever the thresholds say. `stopped`: before its time. */
  verdict: LoadVerdict;
  /** Why it is invalid, failed or was stopped; sentences without a full stop. */
  reasons: string[];
  /** From the start of the schedule, in ms. */
  warmupMs: number;
  /** How long it sent, warm-up included, and how long it took in all. */
  sendingMs: number;
  elapsedMs: number;
  rates: {
    /** Mean of the schedule after the warm-up, by the second; null: as fast as it goes. */
    wanted: number | null;
    sent: number | null;
    /** Confirmed by the target. */
    reached: number | null;
    processed: number | null;
  };
  counts: LoadCounts;
  /** After the warm-up; null where there was nothing. */
  latency: Record<Stage, Latency | null>;
  /** The most that was seen after the warm-up. `memoryGrowthBytes`: over what was used before the run. */
  backend: {
    length: number | null;
    lag: number | null;
    pending: number | null;
    memoryBytes: number | null;
    memoryGrowthBytes: number | null;
    queueBytes: number | null;
    cpu: number | null;
  };
  /** Whether this process was in its own way. */
  generator: {
    limited: boolean;
    /** Why, where it is. */
    reasons: string[];
    cpu: number;
    loopDelayP99Ms: number;
    loopDelayMaxMs: number;
    /** The most that a message was handed over behind its time, in ms. */
    behindMs: number;
  };
  faults: FaultReport[];
  thresholds: ThresholdReport[];
  seconds: LoadSecond[];
  environment: Fingerprint;
}
