import type { ArrivalStage, Arrivals } from './arrivals.ts';
import { constantPiece, type Piece, rampPiece, spikePieces } from './piece.ts';
import { invalid, readRecording } from './recording.ts';
import { replayPiece } from './replay.ts';
import { sinePiece } from './sine.ts';

/**
 * Plans when each message is due: the stages one after the other. A message is due where the integral of the rate is
 * about to pass its number, so that a rate of `r` gives `seq / r`; what does not make a whole message at the end is
 * left out.
 *
 * @param count cuts it; where the stages give fewer, it is what they give
 * @throws QctlError `config` LOAD_ARRIVALS_INVALID: a recording that cannot be read, by file and line; a spike that
 *   is wider than its stage; stages that give no message
 */
export async function planArrivals(stages: readonly ArrivalStage[], count: number | null): Promise<Arrivals> {
  const pieces: Piece[] = [];
  for (const stage of stages) pieces.push(...(await piecesOf(stage)));
  const plan = new Plan(pieces, count);
  if (plan.total === 0)
    throw invalid('the arrivals give no message', ['raise a rate, or let a stage take longer']);
  return plan;
}

async function piecesOf(stage: ArrivalStage): Promise<Piece[]> {
  switch (stage.kind) {
    case 'constant':
      return [constantPiece(stage.rate, stage.durationMs)];
    case 'ramp':
      return [rampPiece(stage.from, stage.to, stage.durationMs)];
    case 'steps':
      return stage.rates.map((rate) => constantPiece(rate, stage.eachMs));
    case 'spike':
      if (stage.widthMs > stage.durationMs)
        throw invalid('the width of a spike is longer than its stage', ['make for: longer than width:']);
      return spikePieces(stage.base, stage.rate, stage.widthMs, stage.durationMs);
    case 'sine':
      return [sinePiece(stage.mean, stage.amplitude, stage.periodMs, stage.durationMs)];
    case 'replay':
      return [replayPiece(await readRecording(stage.file), stage.speed)];
  }
}

class Plan implements Arrivals {
  readonly total: number;
  readonly durationMs: number;
  readonly peakPerSecond: number;
  readonly #pieces: readonly Piece[];
  /** Where each piece begins, in messages and ms; one more at the end. */
  readonly #counts: Float64Array;
  readonly #times: Float64Array;
  /** The piece of the message that was asked for last: the next one is mostly of the same. */
  #at = 0;

  constructor(pieces: readonly Piece[], count: number | null) {
    this.#pieces = pieces;
    this.#counts = new Float64Array(pieces.length + 1);
    this.#times = new Float64Array(pieces.length + 1);
    pieces.forEach((piece, at) => {
      if (piece.recorded) this.#counts[at] = Math.floor(this.#counts[at]!);
      this.#counts[at + 1] = settled(this.#counts[at]! + piece.count);
      this.#times[at + 1] = this.#times[at]! + piece.durationMs;
    });
    const all = Math.floor(this.#counts[pieces.length]!);
    this.total = Math.min(all, count ?? all);
    this.durationMs = this.total < all ? this.#dueOf(this.total) : this.#times[pieces.length]!;
    const reached = pieces.filter((_, at) => this.#counts[at]! < this.total);
    this.peakPerSecond = Math.max(0, ...reached.map(({ peakPerSecond }) => peakPerSecond));
  }

  dueMs(seq: number): number {
    const counts = this.#counts;
    if (seq < counts[this.#at]! || seq >= counts[this.#at + 1]!) this.#at = lastUpTo(counts, seq);
    return this.#dueIn(this.#at, seq);
  }

  dueBefore(ms: number): number {
    if (!(ms > 0)) return 0;
    if (ms > this.durationMs) return this.total;
    const at = lastUpTo(this.#times, ms);
    const piece = this.#pieces[at]!;
    const inside = piece.countAt(Math.min(ms - this.#times[at]!, piece.durationMs));
    let count = Math.min(this.total, Math.ceil(this.#counts[at]! + inside));
    // The last digits of the two ways to count may differ: what `dueMs` says is right.
    while (count > 0 && this.#dueOf(count - 1) >= ms) count -= 1;
    while (count < this.total && this.#dueOf(count) < ms) count += 1;
    return count;
  }

  #dueOf(seq: number): number {
    return this.#dueIn(lastUpTo(this.#counts, seq), seq);
  }

  #dueIn(at: number, seq: number): number {
    const piece = this.#pieces[at]!;
    const ms = piece.timeOf(seq - this.#counts[at]!);
    return this.#times[at]! + (ms < piece.durationMs ? ms : piece.durationMs);
  }
}

/** The last piece that begins at or before a value. Where pieces have no length, the first that has one. */
function lastUpTo(starts: Float64Array, value: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= value) low = middle;
    else high = middle;
  }
  return low;
}

/** A count that floating point has put beside a whole number is that number: `count` messages at any rate are so many. */
function settled(count: number): number {
  const whole = Math.round(count);
  return Math.abs(count - whole) <= 1e-9 + count * 1e-14 ? whole : count;
}
