import * as z from 'zod';
import { duration } from '../config/schema.ts';
import { scanPending } from '../streams/index.ts';
import { ofGroup } from './fields.ts';
import { metric } from './metric.ts';
import { lookAtStreams, sumOverGroup } from './streams.ts';

/** `redis.pending`. */
export const redisPending = metric({
  name: 'redis.pending',
  schema: z.strictObject({ ...ofGroup, minIdle: duration.optional() }),
  unit: 'count',
  description:
    'entries delivered to the group and not acknowledged; with `minIdle` those that nobody was given for so long',
  async measure({ stream, group, minIdle }, measuring) {
    const looked = await lookAtStreams(measuring, stream);
    const { redis, work } = looked;
    return sumOverGroup(looked, group, async (facts, { pending }) => {
      if (minIdle === undefined || pending === 0) return pending;
      const scan = await scanPending(redis, facts.stream, group, { minIdleMs: minIdle }, { work });
      return work.signal.aborted ? null : scan.matching;
    });
  },
});
