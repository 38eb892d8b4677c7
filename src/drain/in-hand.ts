/** Before the first message nobody knows how large they are: the statistics of a table leave out what it keeps aside. */
const GUESSED_BYTES = 64 * 1024;
/** Weight of the past in the average size, in messages. */
const MEMORY_MESSAGES = 1000;
/** Messages that grow are believed sooner than those that shrink. */
const GROWTH_WEIGHT = 0.5;

/** What a process has in hand, has finished, and how large a message is. */
export class InHand {
  /** Messages that workers may read or have read, and have not finished. */
  count = 0;
  /** Messages finished since the start. */
  finished = 0;
  private average: number | undefined;

  /** Bytes that a message takes, about; at least 1. */
  get averageBytes(): number {
    return Math.max(1, this.average ?? GUESSED_BYTES);
  }

  take(count: number): void {
    this.count += count;
  }

  /** Ends what was taken: `used` of it are done, the rest was not needed. */
  done(taken: number, used: number): void {
    this.count -= taken;
    this.finished += used;
  }

  /** Learns from messages that were read. */
  weigh(count: number, bytes: number): void {
    if (count === 0) return;
    const bytesEach = bytes / count;
    this.average ??= bytesEach;
    const weight = Math.min(
      1,
      Math.max(count / MEMORY_MESSAGES, bytesEach > this.average ? GROWTH_WEIGHT : 0),
    );
    this.average += (bytesEach - this.average) * weight;
  }
}
