import { plural } from '../model/plural.ts';
import type { Depth } from '../sources/source.ts';

/** No message of SQS can be delayed for longer. */
const LONGEST_DELAY_MS = 900_000;

/**
 * Why a queue that hands out nothing is not empty, and until when at the latest. SQS says of delayed messages
 * how many there are and not when they are due: 15 minutes after the last of them was sent it is all of them.
 */
export class QueueWaits {
  private delayed = 0;
  private lastRiseMs = 0;

  /** To be told of every look at the queue, in order. Returns null where nothing is waited for. */
  reason({ delayed, inFlight }: Depth, nowMs: number): string | null {
    const [later, held] = [delayed ?? 0, inFlight ?? 0];
    if (later > this.delayed) this.lastRiseMs = nowMs;
    this.delayed = later;
    if (later + held === 0) return null;
    const parts: string[] = [];
    if (later > 0) {
      const latest = new Date(this.lastRiseMs + LONGEST_DELAY_MS).toISOString().slice(11, 19);
      parts.push(`${later} delayed by SQS, due by ${latest}Z at the latest unless more are sent`);
    }
    if (held > 0)
      parts.push(`${held} with another consumer or hidden until a retry, which takes 12 h at most`);
    return `${later + held} ${plural(later + held, 'message is')} delayed or in flight: ${parts.join('; ')}`;
  }
}
