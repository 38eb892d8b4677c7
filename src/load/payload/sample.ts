import { QctlError } from '../../errors.ts';
import type { PayloadProfile } from '../profile/schema.ts';
import type { LoadDoors } from '../run-types.ts';
import { invalid } from './bodies.ts';
import { randomOf } from './random.ts';
import { redact } from './redact.ts';
import { sampleSource } from './sample-source.ts';
import { sampleStream } from './sample-stream.ts';

/** `sample:` of a payload. */
export type SampleProfile = Extract<PayloadProfile, { sample: unknown }>['sample'];

/** How much is looked at. All samples are kept in memory. */
export interface SampleLimits {
  count: number;
  bytes: number;
}

const MOST_BYTES = 64 * 1024 * 1024;

/**
 * Bodies of what stands in a stream or a source, each with other values of the same shape: see {@link redact}. Fewer
 * than `count` where there are fewer, or where they are larger than 64 MiB together. Nothing is taken away or marked;
 * of an SQS queue, which has no peek, each message is received and given back.
 */
export async function sampledBodies(
  sample: SampleProfile,
  seed: number,
  doors: LoadDoors,
  signal: AbortSignal,
): Promise<Buffer[]> {
  const { stream, source, keep } = sample;
  if ((stream === undefined) === (source === undefined))
    throw invalid('sample', `expected one of stream and source, got ${stream ? 'both' : 'neither'}`, [
      'sample: { stream: NAME } or sample: { source: NAME }',
    ]);
  const limits = { count: sample.count, bytes: MOST_BYTES };
  const bodies =
    stream === undefined
      ? await sampleSource(source!, limits, sample.allowReceive, doors, signal)
      : await sampleStream(stream, limits, doors, signal);
  if (bodies.length === 0) throw empty(stream === undefined ? `source ${source}` : `stream ${stream}`);
  const random = randomOf(seed, 'redact');
  return bodies.map((body) => redact(body, keep, random));
}

function empty(where: string): QctlError {
  return new QctlError('refused', `${where} holds no message to sample`, {
    code: 'SAMPLE_EMPTY',
    hint: ['sample where messages stand, or give the payload by size, file or template'],
  });
}
