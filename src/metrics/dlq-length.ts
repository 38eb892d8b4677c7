import * as z from 'zod';
import { readFacts } from '../streams/index.ts';
import { deadLetterStreams } from './dead-letters.ts';
import { ofStream } from './fields.ts';
import { metric } from './metric.ts';

/** `dlq.length`. */
export const dlqLength = metric({
  name: 'dlq.length',
  schema: z.strictObject(ofStream),
  unit: 'count',
  description: 'dead letters of the stream; `stream` may be the dead-letter stream itself',
  async measure({ stream }, { doors }) {
    const { redis, names } = await deadLetterStreams(doors, stream);
    const facts = await Promise.all(names.map((name) => readFacts(redis, name)));
    return facts.reduce((sum, one) => sum + (one?.length ?? 0), 0);
  },
});
