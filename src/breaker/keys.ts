import type { RedisConnection } from '../backends/redis/index.ts';
import { QctlError } from '../errors.ts';
import { BREAKER_EVENTS, breakerKeys } from '../model/keys.ts';

/** The keys that every script of a breaker takes. On a cluster its events wait in its own slot. */
export function scriptKeys(redis: Pick<RedisConnection, 'kind'>, name: string): string[] {
  const { state, override, config, probe, outbox } = breakerKeys(name);
  return [state, override, config, probe, redis.kind === 'cluster' ? outbox : BREAKER_EVENTS];
}

const MOST_NAME_BYTES = 200;

/** Whether a breaker may have this name: printable, no braces, which decide about slots, and no blanks. */
export function isBreakerName(name: string): boolean {
  return /^[^\s{}\p{C}]+$/u.test(name) && Buffer.byteLength(name) <= MOST_NAME_BYTES;
}

/** Throws `usage` where no breaker can have this name. */
export function checkBreakerName(name: string): void {
  if (isBreakerName(name)) return;
  throw new QctlError('usage', `${JSON.stringify(name)} cannot be the name of a circuit breaker`, {
    code: 'BAD_BREAKER_NAME',
    hint: [`use up to ${MOST_NAME_BYTES} bytes without blanks, braces and control characters`],
  });
}
