import type { Redis } from 'ioredis';
import type { RedisConnection } from '../../backends/redis/index.ts';
import { formatBytes } from '../../model/bytes.ts';
import { formatMemoryLimit, type MemoryLimit } from '../../model/limits.ts';
import { counted, type Probe, type Reading } from './probe.ts';

/** What one server says of its memory, in bytes; `most` 0: no limit. */
interface Memory {
  used: number;
  most: number;
}

/** Memory of the target, in a cluster that of its fullest master. */
export function memoryProbe(redis: RedisConnection, limit: MemoryLimit): Probe {
  return {
    brake: 'max-memory',
    limit: formatMemoryLimit(limit),
    look: async () => {
      const readings = (await memories(redis)).map((memory) => judge(memory, limit));
      return readings.reduce((worst, one) => (one.roomBytes! < worst.roomBytes! ? one : worst));
    },
  };
}

/** Memory of every master. Throws where a server does not tell it. */
export async function memories({ client }: RedisConnection): Promise<Memory[]> {
  const nodes: Redis[] = 'nodes' in client ? client.nodes('master') : [client];
  return Promise.all(nodes.map(async (node) => parse(await node.info('memory'))));
}

function parse(info: string): Memory {
  const number = (name: string): number =>
    Number(new RegExp(`^${name}:(\\d+)`, 'm').exec(info)?.[1] ?? Number.NaN);
  const [used, most] = [number('used_memory'), number('maxmemory')];
  if (Number.isNaN(used) || Number.isNaN(most))
    throw new Error('INFO memory does not tell used_memory and maxmemory');
  return { used, most };
}

function judge({ used, most }: Memory, limit: MemoryLimit): Reading {
  if ('percent' in limit && most === 0)
    throw new Error('Redis has no maxmemory that a percentage could be of');
  const bytes = 'percent' in limit ? (most * limit.percent) / 100 : limit.bytes;
  const text = `Redis uses ${formatBytes(used)} of at most ${formatBytes(Math.round(bytes))}`;
  const share = 'percent' in limit ? ` (${limit.percent}% of its maxmemory)` : '';
  const reading = counted(used, bytes, `${text}${share}`);
  return { ...reading, room: Number.POSITIVE_INFINITY, roomBytes: reading.room };
}
