import type { Probe } from './probe.ts';

/** How fast one process will drain, and what keeps it from being faster. */
export interface Pace {
  /** Messages a second. */
  perSecond: number;
  bottleneck: 'source' | 'target' | 'round trips' | 'limit of the queue' | 'processor';
  /** The measurements that it rests on, as a clause. */
  why: string;
}

/** What a drain needs for each message in the source itself, besides reading it. */
interface Settling {
  /** In µs, on a server that needs {@link SERVER_YARDSTICK_MS} for its yardstick. */
  eachUs: number;
}

/** Found with `npm run bench -- --only analyse`, with the two workers that move where nothing else is said. */
const SETTLING: Record<'copy' | 'move' | 'claim', Settling> = {
  copy: { eachUs: 0 },
  move: { eachUs: 7.5 },
  claim: { eachUs: 26 },
};

/** A drain is a little faster than a probe: the next part is on its way while one is appended. */
const CARRYING = 0.9;
/** What settling takes grows a little with what is settled. */
const SETTLING_SHARE = 0.1;
/** Carrying and settling go on side by side: the slower of the two counts, and the other a little. */
const SIDE_BY_SIDE = 4;

/** What {@link serverYardstick} took where the numbers above were found. */
export const SERVER_YARDSTICK_MS = 20;

/** From what a probe has measured, and from how fast the source's server is. */
export function tablePace(probe: Probe, how: keyof typeof SETTLING, serverYardstickMs: number): Pace {
  const probedUs = (probe.ms * 1000) / probe.messages;
  const carrying = probedUs * CARRYING;
  const { eachUs } = SETTLING[how];
  const settling =
    eachUs === 0 ? 0 : (eachUs * serverYardstickMs) / SERVER_YARDSTICK_MS + probedUs * SETTLING_SHARE;
  const us = (carrying ** SIDE_BY_SIDE + settling ** SIDE_BY_SIDE) ** (1 / SIDE_BY_SIDE);
  const perSecond = Math.round(1_000_000 / us);
  if (settling > carrying)
    return {
      perSecond,
      bottleneck: 'source',
      why: `rows are ${how === 'claim' ? 'claimed and deleted' : 'deleted'} more slowly than they are carried`,
    };
  const share = (ms: number): number => Math.min(100, Math.round((ms / probe.ms) * 100));
  const bottleneck = probe.appendMs >= probe.readMs ? 'target' : 'source';
  const why = `a probe waited ${share(probe.appendMs)} % of its time for Redis, and ${share(probe.readMs)} % for rows`;
  return { perSecond, bottleneck, why };
}

/** What the yardstick takes where {@link QUEUE_MESSAGE_MS} was found. */
const YARDSTICK_MS = 8;

/** A fixed piece of work for this host's processor, in ms; the least of a few, since others may be at work, too. */
export function yardstick(): number {
  const times = Array.from({ length: 6 }, () => {
    const from = performance.now();
    let sum = 0;
    for (let i = 0; i < 20_000; i += 1) sum += JSON.parse(`{"n":${i},"text":"yardstick"}`).n % 7;
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
