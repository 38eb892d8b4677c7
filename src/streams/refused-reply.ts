import { type RedisConnection, toTargetError } from '../backends/redis/index.ts';
import type { QctlError } from '../errors.ts';

/** What a script was refused, as it passed it on, as an error that may be shown. */
export function refusedReply(redis: RedisConnection, doing: string, reply: string): QctlError {
  // Redis 7 puts ERR before the code of an error that a script has caught.
  return toTargetError(new Error(reply.replace(/^ERR (?=[A-Z]+ )/, '')), redis.label, doing);
}
