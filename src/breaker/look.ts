import {
  isRetryable,
  type RedisConnection,
  replyCode,
  runScript,
  toTargetError,
} from '../backends/redis/index.ts';
import { breakerLook } from '../backends/redis/scripts/breaker/look.ts';
import type { QctlError } from '../errors.ts';
import { isPattern, matchesPattern } from '../model/key-pattern.ts';
import { BREAKER_INDEX } from '../model/keys.ts';
import { scriptKeys } from './keys.ts';
import { parseOverride, parseSettings, parseShared, toHash } from './parse.ts';
import type { BreakerView } from './view.ts';

type Reply = [string, string[], string[], string[], number, string, string, string, string];

/** How many are asked for at once. */
const AT_ONCE = 100;

/**
 * Looks at breakers and changes nothing. One that Redis does not know is closed, with `known` false.
 * Throws the raw error of Redis.
 */
export async function lookAtBreakers(
  redis: RedisConnection,
  names: readonly string[],
): Promise<BreakerView[]> {
  const views: BreakerView[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE).map((name) => lookAt(redis, name));
    views.push(...(await Promise.all(some)));
  }
  return views;
}

/** A breaker that Redis does not let anybody look at: a key of another kind, or a user without the right. */
export interface UnreadableBreaker {
  name: string;
  failure: QctlError;
}

/**
 * Like {@link lookAtBreakers}; one that cannot be read does not hide the others. Throws where none can, and where
 * Redis is away.
 */
export async function lookAtEach(
  redis: RedisConnection,
  names: readonly string[],
): Promise<{ views: BreakerView[]; unreadable: UnreadableBreaker[] }> {
  const views: BreakerView[] = [];
  const unreadable: UnreadableBreaker[] = [];
  for (let at = 0; at < names.length; at += AT_ONCE) {
    const some = names.slice(at, at + AT_ONCE);
    const looks = await Promise.allSettled(some.map((name) => lookAt(redis, name)));
    for (const [nth, look] of looks.entries()) {
      if (look.status === 'fulfilled') views.push(look.value);
      else unreadable.push({ name: some[nth]!, failure: refusalOf(redis, some[nth]!, look.reason) });
    }
  }
  if (views.length === 0 && unreadable.length > 0) throw unreadable[0]!.failure;
  return { views, unreadable };
}

/** Throws the error itself where it says nothing of this one breaker. */
function refusalOf(redis: RedisConnection, name: string, error: unknown): QctlError {
  if (replyCode(error) === '' || isRetryable(error, redis.kind) !== undefined) throw error;
  return toTargetError(error, redis.label, `look at circuit breaker ${name}`);
}

async function lookAt(redis: RedisConnection, name: string): Promise<BreakerView> {
  const keys = scriptKeys(redis, name).slice(0, 4);
  const reply = (await runScript(redis.client, breakerLook, keys, [name, '{}'])) as Reply;
  const [now, state, override, config, probes, ok, failed, slow, rejected] = reply;
  const shared = parseShared(Number(now), toHash(state), toHash(override));
  return {
    name,
    known: state.length + override.length + config.length > 0,
    ...shared,
    lapsedOverride: shared.lapsed ? parseOverride(toHash(override)) : null,
    ...parseSettings(toHash(config)),
    probesUnderWay: probes,
    counts: { ok: Number(ok), failed: Number(failed), slow: Number(slow), rejected: Number(rejected) },
  };
}

/** The breakers that Redis knows, by name. */
export async function knownBreakers(redis: RedisConnection): Promise<string[]> {
  const names = await redis.client.zrange(BREAKER_INDEX, '0', '-1');
  return names.sort();
}

/**
 * The breakers that names and patterns mean, each once, by name: of those that Redis knows and those that are
 * configured. A plain name means itself, known or not; no name at all means every one.
 */
export async function resolveBreakers(
  redis: RedisConnection,
  named: readonly string[],
  configured: readonly string[] = [],
): Promise<string[]> {
  const plain = named.filter((name) => !isPattern(name));
  if (named.length > 0 && plain.length === named.length) return [...new Set(plain)].sort();
  const all = new Set([...(await knownBreakers(redis)), ...configured]);
  const meant = [...all].filter((name) => named.length === 0 || named.some((one) => matches(one, name)));
  return [...new Set([...meant, ...plain])].sort();
}

function matches(pattern: string, name: string): boolean {
  return pattern === name || (isPattern(pattern) && matchesPattern(pattern, name));
}
