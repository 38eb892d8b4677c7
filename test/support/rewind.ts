import type { Redis } from 'ioredis';
import { hashTag, partitionKeys } from '../../src/model/keys.ts';

/** What one slot held at an instant. */
export type Snapshot = [key: string, dump: Buffer][];

const TAKE = `
local all = {}
for _, pattern in ipairs(ARGV) do
  for _, key in ipairs(redis.call('KEYS', pattern)) do all[#all + 1] = key all[#all + 1] = redis.call('DUMP', key) end
end
return all`;

const PUT_BACK = `
local patterns = tonumber(ARGV[1])
for i = 2, patterns + 1 do
  for _, key in ipairs(redis.call('KEYS', ARGV[i])) do redis.call('DEL', key) end
end
for i = patterns + 2, #ARGV, 2 do redis.call('RESTORE', ARGV[i], 0, ARGV[i + 1], 'REPLACE') end`;

/**
 * Takes a partition of a target back to an earlier instant, as a failover to a replica that lagged does:
 * its stream and all that qctl keeps beside it, in one step, and nothing else.
 */
export class Rewind {
  private readonly client: Redis;
  private readonly patterns: string[];

  constructor(client: Redis, stream: string, partitions = 1, partition = 0) {
    const key = partitionKeys(stream, partitions)[partition]!;
    this.client = client;
    this.patterns = partitions === 1 ? [key, `qctl:{${hashTag(key)}}:*`] : [key, `qctl:{${partition}}:*`];
  }

  async take(): Promise<Snapshot> {
    const flat = (await this.client.callBuffer('EVAL', TAKE, 0, ...this.patterns)) as Buffer[];
    return flat.flatMap((key, i) => (i % 2 === 0 ? [[key.toString(), flat[i + 1]!]] : [])) as Snapshot;
  }

  async putBack(snapshot: Snapshot): Promise<void> {
    await this.client.eval(PUT_BACK, 0, this.patterns.length, ...this.patterns, ...snapshot.flat());
  }
}
