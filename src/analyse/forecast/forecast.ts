import type { CallsForecast } from './calls.ts';
import type { MemoryForecast } from './memory.ts';
import type { Pace } from './pace.ts';

/** What a drain of this source into this stream will take. */
export interface Forecast {
  /** Messages that it is made for; null where it is not known how many there are. */
  messages: number | null;
  /** Memory and append-only file; null where nothing was sampled. */
  memory: MemoryForecast | null;
  /** What Redis has left for it, in bytes; null where that is not known. */
  freeBytes: number | null;
  /** Null where it could not be measured. */
  pace: Pace | null;
  /** From the start to the report, in ms, with what comes in meanwhile; null where it is not known, or never ends. */
  durationMs: number | null;
  /** SQS: null for other sources. */
  calls: CallsForecast | null;
}
