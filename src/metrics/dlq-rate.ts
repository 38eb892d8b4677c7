import * as z from 'zod';
import { deadLetterStreams } from './dead-letters.ts';
import { ofStream } from './fields.ts';
import { metric } from './metric.ts';
import { measureRate } from './rate.ts';
import { overField } from './stream-rate.ts';

/** `dlq.rate`. */
export const dlqRate = metric({
  name: 'dlq.rate',
  schema: z.strictObject({ ...ofStream, ...overField }),
  unit: 'perSecond',
  description: 'dead letters added a second since the last measurement, as `stream.rate`',
  async measure({ stream, over }, measuring) {
    const { redis, names } = await deadLetterStreams(measuring.doors, stream);
    return measureRate(redis, names, measuring, over);
  },
});
