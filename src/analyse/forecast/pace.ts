import type { Probe } from './probe.ts';

/** How fast one process will drain, and what keeps it from being faster. */
export interface Pace {
  /** Messages a second. */
  perSecond: number;
  /** Messages a second at which both sides are looked at in the end; null where that is hardly anything. */
  verifiedPerSecond: number | null;
  bottleneck: 'source' | 'target' | 'round trips' | 'limit of the queue' | 'processor';
  /** The measurements that it rests on, as a clause. */
  why: string;
}

/** What a drain takes for a message that takes a probe so long. */
interface Taking {
  /** Of the time of the probe. */
  factor: number;
  /** More for each message, in µs, on a server that needs {@link SERVER_YARDSTICK_MS} for its yardstick. */
  eachUs: number;
  /** Likewise for each KiB: PostgreSQL lets go of large values piece by piece. */
  kibUs: number;
}

/** Found with `npm run bench -- --only analyse`, with as many workers as there are where nothing else is said. */
const TAKING: Record<'copy' | 'move' | 'update' | 'claim', Taking> = {
  copy: { factor: 0.97, eachUs: 0, kibUs: 0 },
  move: { factor: 1.12, eachUs: 0.6, kibUs: 2 },
  // Of rows that stay, each is written anew, with its entries in the indexes.
  update: { factor: 1.12, eachUs: 7, kibUs: 2 },
  claim: { factor: 1.2, eachUs: 18, kibUs: 2 },
};
/** Looking at both sides at the end, likewise: a copy compares bodies, the others look for what stands there twice. */
const VERIFYING: Record<keyof typeof TAKING, Taking> = {
  copy: { factor: 1.8, eachUs: 3, kibUs: 0 },
  move: { factor: 0.5, eachUs: 2.4, kibUs: 0 },
  update: { factor: 0.5, eachUs: 2.4, kibUs: 0 },
  claim: { factor: 0.5, eachUs: 2.4, kibUs: 0 },
};

/** What {@link TableProbe.serverYardstickMs} was where the numbers above were found. */
const SERVER_YARDSTICK_MS = 12.8;

/** From what a probe has measured, and from how fast the source's server is. */
export function tablePace(probe: Probe, how: keyof typeof TAKING, serverYardstickMs: number): Pace {
  const probedUs = (probe.ms * 1000) / probe.messages;
  const slower = serverYardstickMs / SERVER_YARDSTICK_MS;
  const kib = probe.bytes / probe.messages / 1024;
  const perSecondOf = ({ factor, eachUs, kibUs }: Taking): number =>
    Math.round(1_000_000 / (probedUs * factor + (eachUs + kib * kibUs) * slower));
  const pace = { perSecond: perSecondOf(TAKING[how]), verifiedPerSecond: perSecondOf(VERIFYING[how]) };
  if (TAKING[how].eachUs * slower > probedUs)
    return { ...pace, bottleneck: 'source', why: 'rows are settled more slowly than they are carried' };
  const share = (ms: number): number => Math.min(100, Math.round((ms / probe.ms) * 100));
  const why = `a probe waited ${share(probe.appendMs)} % of its time for Redis, and ${share(probe.readMs)} % for rows`;
  return { ...pace, bottleneck: probe.appendMs >= probe.readMs ? 'target' : 'source', why };
}

/** What the yardstick takes where {@link QUEUE_MESSAGE_MS} was found. */
const YARDSTICK_MS = 6.5;

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
  const pace = { perSecond, verifiedPerSecond: null };
  const trips = `${receivers} receivers, ${roundTripMs.toFixed(1)} ms a call`;
  if (perSecond >= Math.round(byQueue))
    return {
      ...pace,
      bottleneck: 'limit of the queue',
      why: `FIFO takes ${FIFO_CALLS} calls a second; ${trips}`,
    };
  if (byProcessor < byTrips)
    return { ...pace, bottleneck: 'processor', why: `one core of this host; ${trips}` };
  return { ...pace, bottleneck: 'round trips', why: trips };
}
