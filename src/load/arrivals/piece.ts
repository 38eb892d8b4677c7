/** A stretch of a schedule, by itself: its times count from its own beginning, its messages from 0. */
export interface Piece {
  durationMs: number;
  /** The integral of its rate: messages, with the part of one that it does not complete. */
  count: number;
  /** Its messages are counted one by one: what those before it leave of one is dropped. */
  recorded?: true;
  /** Its highest rate, in messages a second. */
  peakPerSecond: number;
  /** The moment at which the integral is about to exceed `count`; 0 <= `count` <= its own. */
  timeOf(count: number): number;
  /** The integral up to that moment, within its duration. */
  countAt(ms: number): number;
}

/** One rate, which may be 0. */
export function constantPiece(perSecond: number, durationMs: number): Piece {
  return {
    durationMs,
    count: (perSecond * durationMs) / 1000,
    peakPerSecond: perSecond,
    timeOf: (count) => (count * 1000) / perSecond,
    countAt: (ms) => (perSecond * ms) / 1000,
  };
}

/** From one rate to another, evenly; one of them may be 0. */
export function rampPiece(from: number, to: number, durationMs: number): Piece {
  const start = from / 1000;
  const halfSlope = (to - from) / 2000 / durationMs;
  return {
    durationMs,
    count: ((from + to) * durationMs) / 2000,
    peakPerSecond: Math.max(from, to),
    // The form of the root that loses no digits where the slope is small.
    timeOf: (count) =>
      count === 0 ? 0 : (2 * count) / (start + Math.sqrt(Math.max(0, start * start + 4 * halfSlope * count))),
    countAt: (ms) => (start + halfSlope * ms) * ms,
  };
}

/** One rate, and in the middle another one. */
export function spikePieces(base: number, rate: number, widthMs: number, durationMs: number): Piece[] {
  const besideMs = (durationMs - widthMs) / 2;
  const beside = constantPiece(base, besideMs);
  return [beside, constantPiece(rate, widthMs), beside];
}
