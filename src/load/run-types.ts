import type { MetricDoors } from '../metrics/index.ts';
import type { LoadCounts, LoadSecond } from './result.ts';

/** What a load run gets from whoever starts it: connections, opened lazily. */
export type LoadDoors = MetricDoors;

/** How a load run is carried out. */
export interface LoadOptions {
  /** Ends it early, orderly: what is in hand is finished, and the result is made of what there is. */
  signal: AbortSignal;
  /** Of qctl. */
  version: string;
  /** Called about four times a second, and at the end. */
  onProgress?: (progress: LoadProgress) => void;
  /** Told once, before the first message: what goes where, how fast. */
  onPlan?: (plan: LoadPlan) => void | Promise<void>;
}

/** What is about to happen. */
export interface LoadPlan {
  run: string;
  target: { kind: string; label: string; name: string; version: string | null; own: boolean };
  /** Messages in all; null: as many as fit into the time. */
  messages: number | null;
  /** The most of the schedule, by the second; null: as fast as it goes. */
  peakPerSecond: number | null;
  meanPerSecond: number | null;
  durationMs: number | null;
  warmupMs: number;
  /** About that much is written. */
  bytes: number | null;
  producers: number;
  groups: number;
  /** Of each group. */
  consumers: number;
  /** Faults that everybody on the server feels. */
  disturbs: string[];
}

/** How a run stands. */
export interface LoadProgress {
  run: string;
  phase: 'warmup' | 'measure' | 'drain';
  elapsedMs: number;
  /** Until everything is sent; null: not known. */
  leftMs: number | null;
  planned: number | null;
  counts: LoadCounts;
  /** Of the last whole second; null before its end. */
  last: LoadSecond | null;
  /** Since the warm-up, in ms: end to end, or enqueue where nothing consumes. */
  soFar: { p50: number; p99: number; max: number } | null;
  /** Messages that a group has not processed yet. */
  backlog: number;
}
