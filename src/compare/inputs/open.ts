import { QctlError } from '../../errors.ts';
import type { CompareRequest, CompareWork, SideInput } from '../request.ts';
import { fileReader } from './file.ts';
import { postgresReader } from './postgres.ts';
import type { SideReader } from './reader.ts';
import { redisReader } from './redis.ts';

/**
 * The reader of a side; nothing is opened before it is read.
 *
 * @param until streams are followed until then
 */
export function openSide(
  input: SideInput,
  { redis }: CompareRequest,
  work: CompareWork,
  until?: AbortSignal,
): SideReader {
  if (input.kind === 'file') return fileReader(input, work);
  if (input.kind === 'postgres') return postgresReader(input, work);
  if (redis) return redisReader(redis, input, work, until);
  throw new QctlError('config', 'a stream is to be compared, and no Redis is named', {
    code: 'REDIS_MISSING',
    hint: ['set --redis-url, REDIS_URL, or redis: in a profile of qctl.yaml'],
  });
}
