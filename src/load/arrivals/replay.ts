import type { Piece } from './piece.ts';

const SECOND_MS = 1000;

/** Messages at recorded times, `speed` times as fast. The first one is due at once, the last one ends it. */
export function replayPiece(recorded: Float64Array, speed: number): Piece {
  const times = recorded.map((ms) => ms / speed);
  const durationMs = times.at(-1) ?? 0;
  return {
    durationMs,
    count: times.length,
    recorded: true,
    peakPerSecond: busiestSecond(times),
    timeOf: (count) => times[count] ?? durationMs,
    countAt: (ms) => countBefore(times, ms),
  };
}

/** The most that come within one second, wherever it begins. */
function busiestSecond(times: Float64Array): number {
  let most = 0;
  for (let first = 0, last = 0; last < times.length; last += 1) {
    while (times[last]! - times[first]! >= SECOND_MS) first += 1;
    most = Math.max(most, last - first + 1);
  }
  return most;
}

function countBefore(times: Float64Array, ms: number): number {
  let low = 0;
  let high = times.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (times[middle]! < ms) low = middle + 1;
    else high = middle;
  }
  return low;
}
