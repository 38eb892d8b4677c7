import { effectiveSettings, type GivenSettings, SETTING_KEYS } from '../model/breaker-settings.ts';
import type { Operation, Operator, Standing } from './operate.ts';
import type { Override } from './view.ts';

/**
 * What an operation would make of a breaker, by the time at which it was looked at: as the scripts do it, without
 * a change.
 */
export function foresee(prior: Standing, operation: Operation, operator: Operator): Standing {
  const next = declared(lapsed(prior), operation.verb === 'release' ? undefined : operation.declared);
  switch (operation.verb) {
    case 'trip':
      return tripped(next, operation.forMs ?? next.settings.openMs, operator);
    case 'reset':
      return { ...moved(next, operator), state: 'closed', cause: 'reset', halfOpenAtMs: null, openings: 0 };
    case 'hold':
      return { ...next, seq: next.seq + 1, override: overrideOf(next.nowMs, operation, operator) };
    case 'release':
      return next.override ? { ...next, seq: next.seq + 1, override: null } : next;
    case 'set':
      return changed(next, operation.changes, operator);
    case 'lapse':
      return next;
  }
}

function lapsed(standing: Standing): Standing {
  return standing.lapsed ? { ...standing, lapsed: false, seq: standing.seq + 1 } : standing;
}

function declared(standing: Standing, given: GivenSettings | undefined): Standing {
  if (!given) return standing;
  const same = SETTING_KEYS.every((key) => given[key] === standing.declared[key]);
  if (same && standing.rev > 0) return standing;
  const settings = effectiveSettings({ ...given, ...standing.set });
  return { ...standing, declared: given, settings, rev: standing.rev + 1, seq: standing.seq + 1 };
}

function moved(standing: Standing, operator: Operator): Standing {
  const { version, seq, nowMs } = standing;
  const made = { version: version + 1, seq: seq + 1, sinceMs: nowMs, detail: null, successes: 0 };
  return { ...standing, ...made, ...operator };
}

function tripped(standing: Standing, openMs: number, operator: Operator): Standing {
  const halfOpenAtMs = standing.nowMs + openMs;
  return { ...moved(standing, operator), state: 'open', cause: 'tripped', openMs, halfOpenAtMs };
}

function overrideOf(
  nowMs: number,
  { mode, forMs, untilMs }: Extract<Operation, { verb: 'hold' }>,
  { by, host, reason }: Operator,
): Override {
  const until = forMs === undefined ? (untilMs ?? null) : nowMs + forMs;
  return { mode, by, host, reason: reason ?? '', sinceMs: nowMs, untilMs: until };
}

function changed(
  standing: Standing,
  changes: Extract<Operation, { verb: 'set' }>['changes'],
  { by, host, reason }: Operator,
): Standing {
  const given = SETTING_KEYS.filter((key) => changes[key] !== undefined);
  if (given.length === 0) return standing;
  const set = { ...standing.set };
  for (const key of given) {
    const value = changes[key];
    if (value === null || value === undefined) delete set[key];
    else set[key] = value;
  }
  return {
    ...standing,
    ...{ set, settings: effectiveSettings({ ...standing.declared, ...set }) },
    ...{ setBy: by, setHost: host, setReason: reason, setAtMs: standing.nowMs },
    ...{ rev: standing.rev + 1, seq: standing.seq + 1 },
  };
}
