import * as z from 'zod';
import { ofStream } from './fields.ts';
import { metric } from './metric.ts';
import { lookAtStreams } from './streams.ts';

/** `stream.length`. */
export const streamLength = metric({
  name: 'stream.length',
  schema: z.strictObject(ofStream),
  unit: 'count',
  description: 'entries of the stream, over all partitions. Nothing where there is no stream',
  async measure({ stream }, measuring) {
    const { facts } = await lookAtStreams(measuring, stream);
    return facts.length === 0 ? null : facts.reduce((sum, { length }) => sum + length, 0);
  },
});
