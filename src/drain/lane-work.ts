import type { Batch } from '../model/batch.ts';
import type { RedisStreamSink } from '../sinks/index.ts';
import type { LaneReader } from '../sources/source.ts';
import type { Entries } from '../transform/pack.ts';
import type { Alarm } from './alarm.ts';
import type { LaneInHand } from './lane-hands.ts';
import type { Meter } from './meter.ts';
import type { Throttle } from './throttle.ts';

/** One lane of a run, and all that it takes to drain it. */
export interface LaneWork extends LaneInHand {
  lane: number;
  reader: LaneReader;
  sink: RedisStreamSink;
  pack(batch: Batch): Entries;
  /** Keeps a batch elsewhere before it is appended, so that it is kept before it is settled. */
  keep?(batch: Batch): Promise<void>;
  meter: Meter;
  throttle: Throttle;
  batch: number;
  sourceLabel: string;
  /** Takes the lane once more, with a higher fence: the record of the one it has may be lost. Throws LaneFenced. */
  reclaim(): Promise<string>;
  /** Told the fence of whoever has taken the lane over. */
  fenced(by: string): void;
  /** When to look again after nothing was found. */
  alarm: Alarm;
}
