import * as z from 'zod';
import { text } from '../config/schema.ts';
import { QctlError } from '../errors.ts';
import { celeryDepth, queueDepth, readTable } from '../sources/depth-of.ts';
import { metric } from './metric.ts';
import { sourceOf } from './source-of.ts';

/** `source.inFlight`. */
export const sourceInFlight = metric({
  name: 'source.inFlight',
  schema: z.strictObject({ source: text, rows: text.optional() }),
  unit: 'count',
  description:
    "messages that a consumer of the source has in hand: of SQS those that are not visible; of Celery those that its workers have not acknowledged; of a table the rows that `rows` holds for, an SQL condition (`state = 'processing'`)",
  async measure({ source, rows }, { doors }) {
    const configured = await sourceOf(doors, source);
    if (configured.kind === 'sqs') return (await queueDepth(await doors.sqs(source))).inFlight;
    if (configured.kind === 'celery')
      return (await celeryDepth(await doors.broker(source), configured)).inFlight;
    if (rows === undefined) throw unknown(source, 'which of its rows are in hand is not known', 'rows');
    if (configured.table === undefined) throw unknown(source, 'it names no table', 'metric: sql');
    return (await readTable(await doors.postgres(source), { table: configured.table, ready: rows })).ready;
  },
});

function unknown(source: string, why: string, use: string): QctlError {
  return new QctlError('config', `source ${source}: ${why}`, {
    code: 'METRIC_NOT_KNOWN',
    hint: [
      use === 'rows'
        ? "say so with rows: state = 'processing', or count with metric: sql"
        : 'count them with metric: sql',
    ],
  });
}
