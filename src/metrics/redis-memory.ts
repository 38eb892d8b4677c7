import * as z from 'zod';
import { redisFacts } from '../backends/redis/index.ts';
import { metric } from './metric.ts';

/** `redis.memory`. */
export const redisMemory = metric({
  name: 'redis.memory',
  schema: z.strictObject({ as: z.enum(['bytes', 'part']).default('bytes') }),
  unit: 'bytes',
  description:
    'memory that Redis uses, of a cluster that of its fullest master; with `as: part` the part of maxmemory (`value < 80%`), nothing where there is none',
  async measure({ as }, { doors }) {
    const { usedMemory, maxmemory } = await redisFacts(await doors.redis());
    if (as === 'bytes' || usedMemory === null) return usedMemory;
    return maxmemory ? usedMemory / maxmemory : null;
  },
});
