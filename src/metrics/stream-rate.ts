import * as z from 'zod';
import { duration } from '../config/schema.ts';
import { ofStream } from './fields.ts';
import { metric } from './metric.ts';
import { measureRate } from './rate.ts';
import { lookAtStreams } from './streams.ts';

/** How long a rate is measured over, at least. */
export const overField = { over: duration.default(1000) };

/** `stream.rate`. */
export const streamRate = metric({
  name: 'stream.rate',
  schema: z.strictObject({ ...ofStream, ...overField }),
  unit: 'perSecond',
  description:
    'entries added a second since the last measurement, but over 1s at least, or `over`. Nothing where there is no stream',
  async measure({ stream, over }, measuring) {
    const { redis, facts } = await lookAtStreams(measuring, stream);
    if (facts.length === 0) return null;
    const names = facts.map((one) => one.stream);
    return measureRate(redis, names, measuring, over);
  },
});
