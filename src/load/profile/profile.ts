import type { MemoryLimit } from '../../model/limits.ts';
import type { ArrivalStage } from '../arrivals/arrivals.ts';
import type { Consumers, Fault, KeysProfile, PayloadProfile, Producers, Threshold } from './schema.ts';
import type { TargetProfile } from './target-schema.ts';

/** A load profile that has been read and checked: what is to be sent where, and what must hold. Times in ms. */
export interface LoadProfile {
  name: string | null;
  target: TargetProfile;
  /** Empty: as fast as the target confirms, for `durationMs` or `count` messages. */
  stages: readonly ArrivalStage[];
  /** Null where a count or a recording decides. */
  durationMs: number | null;
  /** At most so many messages; null: what the stages give. */
  count: number | null;
  warmupMs: number;
  /** Null: until everything is processed. */
  drainMs: number | null;
  producers: Producers & { inFlight: number };
  consumers: Consumers;
  payload: PayloadProfile;
  keys: KeysProfile | null;
  seed: number;
  thresholds: readonly Threshold[];
  faults: readonly Fault[];
  memoryLimit: MemoryLimit;
  /** Folder of the file: relative paths in it count from there. */
  folder: string;
}
