import type { Piece } from './piece.ts';

/** Of one period: between two of them the rate is nearly a straight line. */
const KNOTS = 256;
/** The bracket halves at worst, so that this ends below any difference that a clock shows. */
const MOST_ROUNDS = 60;
const EXACT_MS = 1e-9;

/**
 * A rate that swings about its mean, rising first. With an amplitude above the mean it is clipped: 0 where the sine
 * would be below, so that more messages come than the mean says.
 */
export function sinePiece(mean: number, amplitude: number, periodMs: number, durationMs: number): Piece {
  const period = new Period(mean / 1000, amplitude / 1000, periodMs);
  const countAt = (ms: number): number => {
    const periods = Math.floor(ms / periodMs);
    return periods * period.count + period.countAt(ms - periods * periodMs);
  };
  return {
    durationMs,
    count: countAt(durationMs),
    peakPerSecond: mean + amplitude,
    timeOf: (count) => {
      const periods = Math.floor(count / period.count);
      return periods * periodMs + period.timeOf(Math.max(0, count - periods * period.count));
    },
    countAt,
  };
}

/** One period of it. What has the rate 0 is cut out: `active` time counts the rest, and the integral grows with it. */
class Period {
  readonly count: number;
  readonly #mean: number;
  readonly #amplitude: number;
  /** Radians a ms. */
  readonly #turn: number;
  /** Where the rate is clipped: from, and for how long. */
  readonly #gapFrom: number;
  readonly #gapMs: number;
  readonly #activeMs: number;
  /** What the integral would lose in the gap. */
  readonly #gapCount: number;
  readonly #knots = new Float64Array(KNOTS + 1);

  constructor(mean: number, amplitude: number, periodMs: number) {
    this.#mean = mean;
    this.#amplitude = amplitude;
    this.#turn = (2 * Math.PI) / periodMs;
    const below = amplitude > mean ? Math.asin(mean / amplitude) / this.#turn : periodMs / 4;
    this.#gapFrom = periodMs / 2 + below;
    this.#gapMs = Math.max(0, periodMs / 2 - 2 * below);
    this.#activeMs = periodMs - this.#gapMs;
    this.#gapCount = this.#swung(this.#gapFrom) - this.#swung(this.#gapFrom + this.#gapMs);
    for (let at = 0; at <= KNOTS; at += 1) this.#knots[at] = this.#integral(this.#knotMs(at));
    this.count = this.#knots[KNOTS]!;
  }

  countAt(ms: number): number {
    return this.#integral(ms < this.#gapFrom ? ms : Math.max(this.#gapFrom, ms - this.#gapMs));
  }

  timeOf(count: number): number {
    const active = this.#activeAt(Math.min(count, this.count));
    return active < this.#gapFrom ? active : active + this.#gapMs;
  }

  /** Newton's method, kept between the two knots around it. */
  #activeAt(count: number): number {
    const knot = this.#knotBefore(count);
    let low = this.#knotMs(knot);
    let high = this.#knotMs(knot + 1);
    const part = (count - this.#knots[knot]!) / (this.#knots[knot + 1]! - this.#knots[knot]!);
    let ms = low + (high - low) * part;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      const over = this.#integral(ms) - count;
      if (over > 0) high = ms;
      else low = ms;
      let next = ms - over / this.#rateAt(ms);
      if (!(next >= low && next <= high)) next = (low + high) / 2;
      if (Math.abs(next - ms) <= EXACT_MS) return next;
      ms = next;
    }
    return ms;
  }

  #knotBefore(count: number): number {
    let low = 0;
    let high = KNOTS;
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.#knots[middle]! <= count) low = middle;
      else high = middle;
    }
    return low;
  }

  #knotMs(at: number): number {
    return (this.#activeMs * at) / KNOTS;
  }

  #integral(active: number): number {
    if (active < this.#gapFrom) return this.#swung(active);
    return this.#swung(active + this.#gapMs) + this.#gapCount;
  }

  /** Of the rate as if it was not clipped. */
  #swung(ms: number): number {
    return this.#mean * ms + (this.#amplitude / this.#turn) * (1 - Math.cos(this.#turn * ms));
  }

  #rateAt(active: number): number {
    const gap = active < this.#gapFrom ? 0 : this.#gapMs;
    return this.#mean + this.#amplitude * Math.sin(this.#turn * (active + gap));
  }
}
