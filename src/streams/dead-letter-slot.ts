import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { hashTag, slotOf } from '../model/keys.ts';

/**
 * Checks before anything changes that messages can go from one stream to another in one step.
 * Throws `refused` where both are the same key, or lie in different slots of a cluster.
 */
export function refuseApart(redis: RedisConnection, stream: string, deadLetter: string): void {
  if (stream === deadLetter) {
    throw new QctlError('refused', `${stream} would be its own dead-letter stream`, {
      code: 'DEAD_LETTER_SAME',
      hint: ['name another one with --dead-letter, or as deadLetter: of the stream in qctl.yaml'],
      details: { stream },
    });
  }
  if (redis.kind !== 'cluster' || slotOf(stream) === slotOf(deadLetter)) return;
  throw new QctlError('refused', `${stream} and ${deadLetter} lie in different slots of the cluster`, {
    code: 'DEAD_LETTER_SLOT',
    hint: [
      'an entry can only move in one step inside a slot',
      `give the dead-letter stream the hash tag of the stream, as in {${hashTag(stream)}}:dead`,
    ],
    details: { stream, deadLetter },
  });
}
