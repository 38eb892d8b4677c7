import * as z from 'zod';
import { measureLag } from '../streams/index.ts';
import { ofGroup } from './fields.ts';
import { metric } from './metric.ts';
import { COUNTED_AT_ONCE, lookAtStreams, MOST_COUNTED, sumOverGroup } from './streams.ts';

/** `redis.lag`. */
export const redisLag = metric({
  name: 'redis.lag',
  schema: z.strictObject(ofGroup),
  unit: 'count',
  description:
    'entries that the group has not been given yet, over all partitions; counted where Redis is not sure',
  async measure({ stream, group }, measuring) {
    const looked = await lookAtStreams(measuring, stream, COUNTED_AT_ONCE);
    const { redis, work } = looked;
    return sumOverGroup(looked, group, async (facts, one) => {
      return (await measureLag(redis, facts, one, { limit: MOST_COUNTED, work })).lag;
    });
  },
});
