import * as z from 'zod';
import { longestIdle } from '../streams/index.ts';
import { ofGroup } from './fields.ts';
import { metric } from './metric.ts';
import { lookAtStreams, sumOverGroup } from './streams.ts';

/** `redis.oldestPending`. */
export const redisOldestPending = metric({
  name: 'redis.oldestPending',
  schema: z.strictObject(ofGroup),
  unit: 'ms',
  description:
    'longest time that an entry of the group has been pending since its last delivery; 0 where nothing is',
  async measure({ stream, group }, measuring) {
    const looked = await lookAtStreams(measuring, stream);
    const { redis, work } = looked;
    const idleOf = async (name: string, pending: number): Promise<number | null> => {
      if (pending === 0) return 0;
      const { idleMs, complete } = await longestIdle(redis, name, group, work);
      return complete ? (idleMs ?? 0) : null;
    };
    return sumOverGroup(looked, group, (facts, one) => idleOf(facts.stream, one.pending), Math.max);
  },
});
