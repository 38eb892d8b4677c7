import type { PostgresOptions } from '../../backends/postgres/index.ts';
import type { PostgresSourceConfig } from '../../config/schema.ts';
import { QctlError } from '../../errors.ts';
import { sourceOf } from '../../metrics/index.ts';
import type { SampledTable } from '../../sources/postgres/sample.ts';
import type { LoadDoors } from '../run-types.ts';
import { invalid } from './bodies.ts';
import type { SampleLimits } from './sample.ts';

/**
 * Bodies of a source of qctl.yaml: of the ready rows of a table, or of messages of a queue.
 *
 * @throws QctlError `refused` SAMPLE_NEEDS_RECEIVE for a queue without `allowReceive`
 */
export async function sampleSource(
  name: string,
  limits: SampleLimits,
  allowReceive: boolean,
  doors: LoadDoors,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const config = await sourceOf(doors, name);
  if (config.kind === 'postgres') {
    const options = await doors.postgres(name);
    const { sampleTable } = await import('../../sources/postgres/sample.ts');
    return sampleTable(options, await tableOf(options, name, config), limits);
  }
  if (config.kind === 'celery')
    throw new QctlError('config', `source ${name}: samples are taken of tables and of SQS queues`, {
      code: 'SAMPLE_OF_CELERY',
      hint: [
        'describe the payload in the profile, or take the sample from the stream that it is drained into',
      ],
    });
  if (!allowReceive) throw needsReceive(name);
  const { sampleQueue } = await import('../../sources/sqs/sample.ts');
  return sampleQueue(await doors.sqs(name), limits, signal);
}

/** As the source describes its table, else as the job library is known to keep its queue. */
async function tableOf(
  options: PostgresOptions,
  name: string,
  config: PostgresSourceConfig,
): Promise<SampledTable> {
  const { table, payload, ready } = config;
  if (table !== undefined && payload !== undefined) return { table, payload, ready };
  const { configuredFormat, describeSource, describeTable } = await import('../../sources/postgres/index.ts');
  const { format, choice } = configuredFormat(config);
  if (table === undefined) return describeSource(options, format, choice);
  const known = await describeTable(options, table, choice);
  if (known) return known;
  throw invalid('sample.source', `source ${name} does not say what a message of table ${table} holds`, [
    `set payload: of sources.${name} in qctl.yaml, a column or an SQL expression`,
  ]);
}

function needsReceive(name: string): QctlError {
  return new QctlError(
    'refused',
    `source ${name} is an SQS queue, which has no peek: messages must be received`,
    {
      code: 'SAMPLE_NEEDS_RECEIVE',
      hint: [
        'allowReceive: true receives them and gives them back at once',
        'each one counts as received once more, and comes nearer to its dead-letter queue',
        'sample a stream or a table, or give the payload by file, in place of it',
      ],
    },
  );
}
