/** Where nothing is known of the messages' size. */
const GUESSED_BYTES = 1024;
/** Weight of the past in the average size, in messages. */
const MEMORY_MESSAGES = 1000;

/** What a process has in hand, has finished, and how large a message is. */
export class InHand {
  /** Messages that workers may read or have read, and have not finished. */
  count = 0;
  /** Messages finished since the start. */
  finished = 0;
  private average: number;

  /** @param averageBytes of a message, as far as the source knows it */
  constructor(averageBytes = 0) {
    this.average = averageBytes > 0 ? averageBytes : GUESSED_BYTES;
  }

  /** Bytes that a message takes, about; at least 1. */
  get averageBytes(): number {
    return Math.max(1, this.average);
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
    const weight = Math.min(1, count / MEMORY_MESSAGES);
    this.average += (bytes / count - this.average) * weight;
  }
}
