import * as z from 'zod';
import { text } from '../config/schema.ts';
import { streamIdAgeMs } from '../model/stream-id.ts';
import { type GroupFacts, judgeLag, oldestUndeliveredId, type StreamFacts } from '../streams/index.ts';
import { ofStream } from './fields.ts';
import { metric } from './metric.ts';
import { COUNTED_AT_ONCE, lookAtStreams, sumOverGroup } from './streams.ts';

/** `stream.oldestAge`. */
export const streamOldestAge = metric({
  name: 'stream.oldestAge',
  schema: z.strictObject({ ...ofStream, group: text.optional() }),
  unit: 'ms',
  description:
    'age of the first entry, by the clock of Redis; with `group` of the first that the group has not been given. 0 where there is none',
  async measure({ stream, group }, measuring) {
    const looked = await lookAtStreams(measuring, stream, group === undefined ? 0 : COUNTED_AT_ONCE);
    if (group !== undefined) return sumOverGroup(looked, group, undeliveredAge, Math.max);
    const ages = looked.facts.map(({ length, firstId, timeMs }) =>
      length === 0 ? 0 : streamIdAgeMs(firstId, timeMs),
    );
    if (ages.length === 0 || ages.includes(null)) return null;
    return Math.max(...(ages as number[]));
  },
});

function undeliveredAge(facts: StreamFacts, group: GroupFacts): number | null {
  if (judgeLag(facts, group).lag === 0) return 0;
  return streamIdAgeMs(oldestUndeliveredId(facts, group), facts.timeMs);
}
