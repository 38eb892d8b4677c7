import type { Cluster, Redis } from 'ioredis';
import { runScriptBuffer } from '../backends/redis/script.ts';
import { sealLane } from '../backends/redis/scripts/seal-lane.ts';
import type { StreamKeys } from '../model/keys.ts';
import { unpackIds } from '../model/packed.ts';
import { LaneFenced } from './fenced.ts';

/** What the target knows of a lane, one record a partition. */
export type LaneStates = { partition: number; token: string; note: string; ids: string[] }[];

/** Seals the lane's checkpoints for `fence` and reads them. Throws {@link LaneFenced} where a later holder was first. */
export async function readLane(
  client: Redis | Cluster,
  streams: StreamKeys[],
  run: string,
  lane: number,
  fence: string,
): Promise<LaneStates> {
  const replies = await Promise.all(
    streams.map((keys) => runScriptBuffer(client, sealLane, [keys.checkpoint(run, lane)], [fence])),
  );
  return replies.map((reply, partition) => {
    const fields = reply as Buffer[];
    if (fields[0]?.toString() === 'fenced') throw new LaneFenced(lane);
    const text = (name: string): string => fieldOf(fields, name)?.toString() ?? '';
    return {
      partition,
      token: text('token'),
      note: text('note'),
      ids: unpackIds(fieldOf(fields, 'ids') ?? Buffer.alloc(0)),
    };
  });
}

function fieldOf(fields: Buffer[], name: string): Buffer | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toString() === name) return fields[i + 1];
  return undefined;
}
