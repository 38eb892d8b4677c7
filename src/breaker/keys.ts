import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { isBreakerName, MOST_BREAKER_NAME_BYTES } from '../model/breaker-name.ts';
import { BREAKER_EVENTS, breakerKeys } from '../model/keys.ts';

export { isBreakerName };

/** The keys that every script of a breaker takes. On a cluster its events wait in its own slot. */
export function scriptKeys(redis: Pick<RedisConnection, 'kind'>, name: string): string[] {
  const { state, override, config, probe, outbox } = breakerKeys(name);
  return [state, override, config, probe, redis.kind === 'cluster' ? outbox : BREAKER_EVENTS];
}

/** Throws `usage` where no breaker can have this name. */
export function checkBreakerName(name: string): void {
  if (isBreakerName(name)) return;
  throw new QctlError('usage', `${JSON.stringify(name)} cannot be the name of a circuit breaker`, {
    code: 'BAD_BREAKER_NAME',
    hint: [`use up to ${MOST_BREAKER_NAME_BYTES} bytes without blanks, braces and control characters`],
  });
}
