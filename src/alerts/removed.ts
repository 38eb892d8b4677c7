import type { AlertPlan } from './rule.ts';
import type { RuleState } from './state.ts';
import type { Stores } from './stores.ts';

/** Another process may still have the rule, while a configuration is being rolled out. */
export const REMOVED_AFTER_MS = 300_000;

/**
 * Closes what is kept of rules that are in the configuration no more, silently: nobody looks at them, so that nobody
 * could say that they are well. Those of other profiles, and those that somebody still looks at, are left alone.
 */
export async function closeRemoved(
  plan: AlertPlan,
  stores: Stores,
  afterMs: number,
  removed: (rule: string) => void,
): Promise<void> {
  const known = new Set(plan.rules.map(({ name }) => name));
  const owner = plan.profile ?? '';
  const unwanted = (state: RuleState | null, nowMs: number): boolean =>
    state !== null && state.owner === owner && nowMs - state.lookedMs > 3 * state.intervalMs + afterMs;
  for (const name of await stores.names()) {
    if (known.has(name)) continue;
    if (await stores.remove(name, unwanted)) removed(name);
  }
}
