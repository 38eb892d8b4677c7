import { type RedisConnection, type RedisScript, runScript } from '../backends/redis/index.ts';
import { breakerConfigure } from '../backends/redis/scripts/breaker/configure.ts';
import { breakerHold } from '../backends/redis/scripts/breaker/hold.ts';
import { breakerLapse } from '../backends/redis/scripts/breaker/lapse.ts';
import { breakerRelease } from '../backends/redis/scripts/breaker/release.ts';
import { breakerReset } from '../backends/redis/scripts/breaker/reset.ts';
import { breakerTrip } from '../backends/redis/scripts/breaker/trip.ts';
import type { GivenSettings, SettingKey } from '../model/breaker-settings.ts';
import { BREAKER_INDEX } from '../model/keys.ts';
import { forwardEvents } from './forward-events.ts';
import { checkBreakerName, scriptKeys } from './keys.ts';
import { parseSettings, parseShared, toHash } from './parse.ts';
import type { OverrideMode, SettingsInForce, Shared } from './view.ts';

/** Who changes a breaker, and why. */
export interface Operator {
  /** User. */
  by: string;
  host: string;
  reason: string | null;
}

/** What a breaker is, without what it has counted. */
export type Standing = Shared & SettingsInForce;

/** One breaker that was changed. */
export interface BreakerChange {
  name: string;
  prior: Standing;
  next: Standing;
}

/** What an operator does, as data. Absent `declared` leaves the settings of programs and files alone. */
export type Operation = { declared?: GivenSettings } & (
  | { verb: 'trip' /** Default: the open time of the settings. */; forMs?: number }
  | { verb: 'reset' }
  /** `forMs` by the clock of Redis, or `untilMs`; neither: until it is released. */
  | { verb: 'hold'; mode: OverrideMode; forMs?: number; untilMs?: number }
  | { verb: 'release' }
  /** Null gives a setting back to programs and files. */
  | { verb: 'set'; changes: Partial<Record<SettingKey, number | null>> }
  /** Takes away an override whose time is over, and nothing else. */
  | { verb: 'lapse' }
);

const SCRIPTS: Record<Operation['verb'], RedisScript> = {
  trip: breakerTrip,
  reset: breakerReset,
  hold: breakerHold,
  release: breakerRelease,
  set: breakerConfigure,
  lapse: breakerLapse,
};

type Hashes = [state: string[], override: string[], config: string[]];

/**
 * Carries out one operation on one breaker, in one step; one that is not there yet comes into being. Throws `usage`
 * for a name that no breaker can have, else the raw error of Redis.
 */
export async function operateBreaker(
  redis: RedisConnection,
  name: string,
  operation: Operation,
  operator: Operator,
): Promise<BreakerChange> {
  checkBreakerName(name);
  const request = { ...requestOf(operation), ...operator, reason: operator.reason ?? '' };
  // First: a change that nobody could find would be worse than a name without a change.
  if (operation.verb !== 'lapse') await announce(redis, name);
  const args = [name, JSON.stringify(request)];
  const reply = await runScript(redis.client, SCRIPTS[operation.verb], scriptKeys(redis, name), args);
  const [now, prior, next] = reply as [string, Hashes, Hashes];
  await forwardEvents(redis, name);
  return { name, prior: standing(Number(now), prior), next: standing(Number(now), next) };
}

async function announce({ client }: RedisConnection, name: string): Promise<void> {
  const [seconds] = await client.time();
  await client.zadd(BREAKER_INDEX, 'GT', Number(seconds) * 1000, name);
}

function requestOf(operation: Operation): object {
  const { declared } = operation;
  if (operation.verb === 'hold') {
    const { mode, forMs, untilMs } = operation;
    return { mode, forMs, until: untilMs, declared };
  }
  if (operation.verb === 'trip') return { forMs: operation.forMs, declared };
  if (operation.verb !== 'set') return { declared };
  const changes = Object.entries(operation.changes);
  return {
    declared,
    set: Object.fromEntries(changes.filter(([, value]) => value !== null)),
    unset: changes.filter(([, value]) => value === null).map(([key]) => key),
  };
}

function standing(nowMs: number, [state, override, config]: Hashes): Standing {
  return { ...parseShared(nowMs, toHash(state), toHash(override)), ...parseSettings(toHash(config)) };
}
