import { type Measure, measureOnce } from '../checks/index.ts';
import type { Found } from './decide.ts';
import { type AlertRule, needsRedis } from './rule.ts';
import type { RuleState } from './state.ts';
import type { StoreAway } from './store.ts';

/** So long after the time limit of a measurement its process counts as gone. */
const GRACE_MS = 5000;
/** Cron comes a little early at times; a measurement must not wait for the next turn because of that. */
const EARLY_PART = 0.1;
const MOST_EARLY_MS = 5000;

/** A state with the measurement taken on; undefined where it is not due, or somebody else is at it. */
export function takeOn(
  state: RuleState,
  rule: AlertRule,
  token: string,
  nowMs: number,
  early: boolean,
): RuleState | undefined {
  const { dueMs, measuring, intervalMs } = state;
  const mostMs = rule.timeoutMs + GRACE_MS;
  // What lies further ahead than it can was said by a clock that has been set back since, as after a failover.
  if (measuring && measuring.untilMs > nowMs && measuring.untilMs <= nowMs + mostMs) return undefined;
  const earlyMs = early ? Math.min(rule.intervalMs * EARLY_PART, MOST_EARLY_MS) : 0;
  // A shorter interval than before counts at once.
  const due = Math.min(dueMs, dueMs - intervalMs + rule.intervalMs);
  if (nowMs < due - earlyMs && due <= nowMs + rule.intervalMs) return undefined;
  return {
    ...state,
    dueMs: nowMs + rule.intervalMs,
    intervalMs: rule.intervalMs,
    measuring: { token, untilMs: nowMs + mostMs },
  };
}

/** Measures, unless the rule needs a Redis that is known to be away. */
export async function measureRule(
  rule: AlertRule,
  measure: Measure,
  away: () => StoreAway | undefined,
  signal: AbortSignal,
): Promise<Found | undefined> {
  if (isLost(rule, away())) return { away: away()!.message };
  const found = await measureOnce(rule, measure, signal);
  return found;
}

/** Whether an error says no more of a rule than that Redis is away. */
export function isLost(rule: AlertRule, away: StoreAway | undefined): boolean {
  return away !== undefined && !away.readable && needsRedis(rule);
}
