import * as z from 'zod';
import { text } from '../config/schema.ts';
import { celeryDepth, configuredDepth, queueDepth } from '../sources/depth-of.ts';
import { metric } from './metric.ts';
import { sourceOf } from './source-of.ts';

/** `source.depth`. */
export const sourceDepth = metric({
  name: 'source.depth',
  schema: z.strictObject({ source: text }),
  unit: 'count',
  description:
    'messages that are ready in a source of qctl.yaml: rows of a table, counted; of an SQS queue about how many, nothing is received; of Celery what its lists hold',
  async measure({ source }, { doors }) {
    const configured = await sourceOf(doors, source);
    if (configured.kind === 'sqs') return (await queueDepth(await doors.sqs(source))).ready;
    if (configured.kind === 'celery')
      return (await celeryDepth(await doors.broker(source), configured)).ready;
    return (await configuredDepth(await doors.postgres(source), configured)).ready;
  },
});
