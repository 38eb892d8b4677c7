import type { Cluster, Redis } from 'ioredis';
import { runScriptBuffer } from '../backends/redis/script.ts';
import { sealLane } from '../backends/redis/scripts/seal-lane.ts';
import type { StreamKeys } from '../model/keys.ts';
import { unpackIds } from '../model/packed.ts';
import { LaneFenced } from './fenced.ts';

/** The target came back without what it had confirmed. */
export class CheckpointLost extends Error {
  readonly stream: string;
  readonly found: string;

  constructor(stream: string, found: string) {
    super(`the checkpoint beside ${stream} is gone or older than it was`);
    this.stream = stream;
    this.found = found;
  }
}

/** Throws {@link CheckpointLost} where a checkpoint stands behind what it had confirmed before. */
export function refuseOlder(stream: string, token: string, known: string | undefined): void {
  if (known !== undefined && isOlder(token, known)) throw new CheckpointLost(stream, token);
}

/** Whether `token` comes before `known`: tokens are `transaction.part` or a number, and rise. */
export function isOlder(token: string, known: string): boolean {
  const [unit = 0, part = 0] = token.split('.').map(Number);
  const [knownUnit = 0, knownPart = 0] = known.split('.').map(Number);
  return unit < knownUnit || (unit === knownUnit && part < knownPart);
}

/** What the target knows of a lane, one record a partition. */
export interface LaneState {
  partition: number;
  token: string;
  note: string;
  ids: string[];
  /** Whether the lane was opened at this very batch before: that holder may have settled it and died. */
  openedBefore: boolean;
}

export type LaneStates = LaneState[];

/** Seals the lane's checkpoints for `fence` and reads them. Throws {@link LaneFenced} where a later holder was first. */
export async function readLane(
  client: Redis | Cluster,
  streams: StreamKeys[],
  run: string,
  lane: number,
  fence: string,
  seeded: boolean,
): Promise<LaneStates> {
  const replies = await Promise.all(
    streams.map((keys) =>
      runScriptBuffer(client, sealLane, [keys.checkpoint(run, lane)], [fence, seeded ? 1 : 0]),
    ),
  );
  return replies.map((reply, partition) => {
    const fields = reply as Buffer[];
    if (fields[0]?.toString() === 'fenced') throw new LaneFenced(lane);
    if (fields[0]?.toString() === 'lost') throw new CheckpointLost(streams[partition]!.stream, '');
    const text = (name: string): string => fieldOf(fields, name)?.toString() ?? '';
    return {
      partition,
      token: text('token'),
      note: text('note'),
      ids: unpackIds(fieldOf(fields, 'ids') ?? Buffer.alloc(0)),
      openedBefore: fieldOf(fields, 'opened')?.toString() === text('token'),
    };
  });
}

function fieldOf(fields: Buffer[], name: string): Buffer | undefined {
  for (let i = 0; i < fields.length; i += 2) if (fields[i]!.toString() === name) return fields[i + 1];
  return undefined;
}
