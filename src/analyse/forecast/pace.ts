import type { Probe } from './probe.ts';

/** How fast one process will drain, and what keeps it from being faster. */
export interface Pace {
  /** Messages a second. */
  perSecond: number;
  bottleneck: 'source' | 'target' | 'round trips' | 'limit of the queue' | 'processor';
  /** The measurements that it rests on, as a clause. */
  why: string;
}

/** What writing adds to what a probe measures, by what a drain does with the source. */
interface Writing {
  /** Of the time of the probe. */
  factor: number;
  /** For each message, in µs, on a processor that needs {@link YARDSTICK_MS} for the yardstick. */
  eachUs: number;
}

/** Found with `npm run bench -- --only analyse`. */
const WRITING: Record<'copy' | 'move' | 'claim', Writing> = {
  copy: { factor: 1.15, eachUs: 0 },
  move: { factor: 1.15, eachUs: 2 },
  claim: { factor: 1.3, eachUs: 20 },
};

/** From what a probe has measured. */
export function tablePace(probe: Probe, how: keyof typeof WRITING, yardstickMs: number): Pace {
  const { factor, eachUs } = WRITING[how];
  const slower = yardstickMs / YARDSTICK_MS;
  const eachMs = (probe.ms / probe.messages) * factor + (eachUs * slower) / 1000;
  const target = probe.appendMs >= probe.readMs;
  const share = Math.round((Math.max(probe.readMs, probe.appendMs) / probe.ms) * 100);
  return {
    perSecond: Math.round(1000 / eachMs),
    bottleneck: target ? 'target' : 'source',
    why: `${share} % of the time of a probe went to ${target ? 'scripts in Redis' : 'reading rows'}`,
  };
}

/** What the yardstick takes where the numbers above were found. */
export const YARDSTICK_MS = 20;

/** A fixed piece of work for the processor, in ms; the least of a few. */
export function yardstick(): number {
  const times = Array.from({ length: 3 }, () => {
    const from = performance.now();
    let sum = 0;
    for (let i = 0; i < 40_000; i += 1) sum += JSON.parse(`{"n":${i},"text":"yardstick"}`).n % 7;
    return sum < 0 ? 0 : performance.now() - from;
  });
  return Math.min(...times);
}

/** Ten messages a call. */
const BATCH = 10;
/** FIFO without high throughput, calls a second of each kind. */
const FIFO_CALLS = 300;
/** Processor time of a message, in ms, likewise. */
const QUEUE_MESSAGE_MS = 0.137;
/** What lies between two calls of a receiver, in ms. */
const BETWEEN_MS = 3;

/** What is known of a queue whose messages nobody reads yet. */
export interface QueuePaceInput {
  roundTripMs: number;
  /** The most receivers. */
  receivers: number;
  fifo: boolean;
  highThroughput: boolean | null;
}

/** A receiver receives, waits for the append, and deletes: two round trips for ten messages. */
export function queuePace(queue: QueuePaceInput, yardstickMs: number): Pace {
  const { roundTripMs, receivers, fifo, highThroughput } = queue;
  const byTrips = (receivers * BATCH * 1000) / (2 * roundTripMs + BETWEEN_MS);
  const byProcessor = (1000 / QUEUE_MESSAGE_MS) * (YARDSTICK_MS / yardstickMs);
  const byQueue = fifo && highThroughput !== true ? FIFO_CALLS * BATCH : Number.POSITIVE_INFINITY;
  const perSecond = Math.round(Math.min(byTrips, byProcessor, byQueue));
  const trips = `${receivers} receivers, ${roundTripMs.toFixed(1)} ms a call`;
  if (perSecond >= Math.round(byQueue))
    return {
      perSecond,
      bottleneck: 'limit of the queue',
      why: `FIFO takes ${FIFO_CALLS} calls a second; ${trips}`,
    };
  if (byProcessor < byTrips)
    return { perSecond, bottleneck: 'processor', why: `one core of this host; ${trips}` };
  return { perSecond, bottleneck: 'round trips', why: trips };
}
