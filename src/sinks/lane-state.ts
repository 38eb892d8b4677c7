import type { Cluster, Redis } from 'ioredis';
import { runScriptBuffer } from '../backends/redis/script.ts';
import { sealLane } from '../backends/redis/scripts/seal-lane.ts';
import type { StreamKeys } from '../model/keys.ts';
import { unpackIds } from '../model/packed.ts';
import { LaneFenced } from './fenced.ts';
import type { Standing } from './lane-memory.ts';

/** What the target knows of one partition of a lane. */
export interface LaneState extends Standing {
  partition: number;
  note: string;
  /** Ids of the last unit, as long as nobody has noted that the source has let go of them. */
  ids: string[];
  /** This process has settled them itself, and the note of it is what the target has lost. */
  settledHere?: boolean;
  /** Whether the lane was opened at this very batch before: that holder may have settled it and died. */
  openedBefore: boolean;
}

/** A lane's record, one a partition. */
export type LaneStates = LaneState[];

/**
 * Seals one checkpoint for `fence` and reads it; undefined where it should be there and is not.
 * Throws {@link LaneFenced} where a later holder was first.
 */
export async function readLane(
  client: Redis | Cluster,
  keys: StreamKeys,
  partition: number,
  run: string,
  lane: number,
  fence: string,
  seeded: boolean,
): Promise<LaneState | undefined> {
  const args = [fence, seeded ? 1 : 0];
  const fields = (await runScriptBuffer(client, sealLane, [keys.checkpoint(run, lane)], args)) as Buffer[];
  const first = fields[0]?.toString();
  if (first === 'fenced') throw new LaneFenced(lane, fields[1]!.toString());
  if (first === 'lost') return undefined;
  const text = (name: string): string => fieldOf(fields, name)?.toString() ?? '';
  return {
    partition,
    token: text('token'),
    note: text('note'),
    ids: unpackIds(fieldOf(fields, 'ids') ?? Buffer.alloc(0)),
    openedBefore: fieldOf(fields, 'opened')?.toString() === text('token'),
    counted: Number(text('appended')) + Number(text('quarantined')) + Number(text('scheduled')),
  };
}

function fieldOf(fields: Buffer[], name: string): Buffer | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toString() === name) return fields[i + 1];
  return undefined;
}
