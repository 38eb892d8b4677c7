import type { RedisConnection } from '../backends/redis/index.ts';
import {
  type BreakerView,
  forgottenOverrides,
  lookAtEach,
  resolveBreakers,
  type UnreadableBreaker,
  verdictOf,
} from '../breaker/index.ts';
import type { BreakerRow } from './snapshot.ts';

/** All breakers that Redis or the configuration know, by name. Throws what `lookAtEach` does. */
export async function breakerRows(
  redis: RedisConnection,
  configured: readonly string[],
): Promise<{ rows: BreakerRow[]; unreadable: UnreadableBreaker[] }> {
  const names = await resolveBreakers(redis, [], configured);
  const { views, unreadable } = await lookAtEach(redis, names);
  const forgotten = new Set(forgottenOverrides(views).map(({ name }) => name));
  return { rows: views.map((view) => breakerRow(view, forgotten.has(view.name))), unreadable };
}

function breakerRow(view: BreakerView, forgotten: boolean): BreakerRow {
  const { counts, override } = view;
  return {
    breaker: view.name,
    state: view.state,
    verdict: verdictOf(view),
    since: timeText(view.sinceMs),
    why: view.detail,
    by: view.by,
    reason: view.reason,
    halfOpenAt: timeText(view.halfOpenAtMs),
    openings: view.openings,
    calls: counts.ok + counts.failed,
    failed: counts.failed,
    slow: counts.slow,
    rejected: counts.rejected,
    lastError: view.lastError,
    lastSeenAt: timeText(view.seenMs),
    override: override && {
      mode: override.mode,
      by: override.by,
      host: override.host,
      reason: override.reason,
      since: new Date(override.sinceMs).toISOString(),
      until: timeText(override.untilMs),
      forgotten,
    },
  };
}

function timeText(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
