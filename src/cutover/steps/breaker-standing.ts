import { type RedisConnection, toTargetError } from '../../backends/redis/index.ts';
import {
  type BreakerState,
  type BreakerView,
  lookAtBreakers,
  type Operation,
  type OverrideMode,
  resolveBreakers,
} from '../../breaker/index.ts';

/** A breaker as it was before a step. Times are ms since 1970 by the clock of Redis. */
export type BreakerBefore = {
  name: string;
  state: BreakerState;
  halfOpenAtMs: number | null;
  override: { mode: OverrideMode; untilMs: number | null; reason: string } | null;
};

/** The breakers that names and patterns mean, as they are. */
export async function viewsOf(redis: RedisConnection, names: readonly string[]): Promise<BreakerView[]> {
  return aboutBreakers(redis, `look at circuit breakers ${names.join(', ')}`, async () =>
    lookAtBreakers(redis, await resolveBreakers(redis, names)),
  );
}

/** Runs an exchange; an error of Redis comes out as one that can be shown. */
export async function aboutBreakers<T>(
  redis: RedisConnection,
  doing: string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toTargetError(error, redis.label, doing);
  }
}

/** What an undo needs to know. */
export function beforeOf({ name, state, halfOpenAtMs, override }: BreakerView): BreakerBefore {
  const { mode, untilMs, reason } = override ?? {};
  return {
    name,
    state,
    halfOpenAtMs,
    override: mode === undefined ? null : { mode, untilMs: untilMs ?? null, reason: reason ?? '' },
  };
}

/** What gives a breaker its override back; undefined: it is as it was. An override whose time is over is none. */
export function overrideBack(now: BreakerView, { override }: BreakerBefore): Operation | undefined {
  const wanted = override && (override.untilMs === null || override.untilMs > now.nowMs) ? override : null;
  if (!wanted) return now.override ? { verb: 'release' } : undefined;
  const same = now.override?.mode === wanted.mode && now.override.untilMs === wanted.untilMs;
  return same ? undefined : { verb: 'hold', mode: wanted.mode, untilMs: wanted.untilMs ?? undefined };
}

/**
 * What gives a breaker its state back; undefined: it is as it was, or finds there by itself: one that was open has a
 * probe coming, and one that was half-open had already begun to recover.
 */
export function stateBack(now: BreakerView, { state, halfOpenAtMs }: BreakerBefore): Operation | undefined {
  if (state === 'closed') return now.state === 'closed' ? undefined : { verb: 'reset' };
  const leftMs = (halfOpenAtMs ?? 0) - now.nowMs;
  const wasOpen = state === 'open' && leftMs > 0 && now.state === 'closed';
  return wasOpen ? { verb: 'trip', forMs: leftMs } : undefined;
}
