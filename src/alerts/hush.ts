import { FileAlertStore } from './file-store.ts';
import { RedisAlertStore } from './redis-store.ts';
import { type AlertPlan, type AlertRule, isOwnView } from './rule.ts';
import type { AlertDoors } from './runner.ts';
import { type ActiveSilence, activeSilence } from './silence.ts';
import { freshState, type Silence } from './state.ts';
import { type AlertStore, type Change, StoreAway } from './store.ts';

/** What somebody wants of a rule: to hear nothing for a while, or to hear of it again. */
export interface HushOrder {
  /** 0: it is heard of again. */
  forMs: number;
  reason: string;
  /** `user@host`. */
  by: string;
  /** Only says what would be. */
  dryRun?: boolean;
}

/** A silence that was set or taken back. */
export interface Hushed {
  rule: string;
  prior: ActiveSilence | null;
  next: ActiveSilence | null;
  /** Why it counts on this host alone: Redis is away. Null: everywhere. */
  hereOnly: string | null;
}

/**
 * Silences a rule, or takes that back. Where Redis is away it counts on this host, until Redis is back and then
 * everywhere.
 */
export async function hush(
  plan: AlertPlan,
  rule: AlertRule,
  doors: AlertDoors,
  order: HushOrder,
): Promise<Hushed> {
  const change: Change<Omit<Hushed, 'hereOnly'>> = (kept, nowMs) => {
    const state = kept ?? freshState(plan.profile ?? '');
    const { forMs, reason, by } = order;
    const silence: Silence = { untilMs: forMs === 0 ? 0 : nowMs + forMs, reason, by, changedMs: nowMs };
    const result = {
      rule: rule.name,
      prior: activeSilence(state, rule, nowMs),
      next: activeSilence({ silence }, rule, nowMs),
    };
    return { state: { ...state, silence }, result };
  };
  const files = new FileAlertStore(doors.stateFolder, plan.id, () => undefined);
  const store = new RedisAlertStore(() => doors.redis());
  const seen = async (from: AlertStore) => {
    const { state, nowMs } = await from.read(rule.name);
    return change(state, nowMs)!.result;
  };
  const noted = async () => (isOwnView(rule) ? null : (await files.read(rule.name)).state);
  try {
    const result = order.dryRun ? await seen(store) : (await store.update(rule.name, change, noted))!.result;
    return { ...result, hereOnly: null };
  } catch (error) {
    if (!(error instanceof StoreAway)) throw error;
    const result = order.dryRun ? await seen(files) : (await files.update(rule.name, change))!.result;
    return { ...result, hereOnly: error.reason };
  }
}
