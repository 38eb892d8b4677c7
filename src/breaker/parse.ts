import { effectiveSettings, type GivenSettings, SETTING_KEYS } from '../model/breaker-settings.ts';
import type {
  BreakerState,
  Cause,
  Override,
  OverrideMode,
  SettingsInForce,
  Shared,
  Transition,
} from './view.ts';

/** A hash of Redis. */
export type Hash = Record<string, string>;

/** Field, value, field, … as a hash. */
export function toHash(flat: readonly string[]): Hash {
  const hash: Hash = {};
  for (let i = 0; i < flat.length; i += 2) hash[flat[i]!] = flat[i + 1]!;
  return hash;
}

const text = (value: string | undefined): string | null => (value ? value : null);
const number = (value: string | undefined): number | null => (value ? Number(value) : null);

/** Reads state and override. */
export function parseShared(nowMs: number, state: Hash, stored: Hash): Shared {
  const override = parseOverride(stored);
  const lapsed = override?.untilMs != null && override.untilMs <= nowMs;
  return {
    nowMs,
    state: (state.state ?? 'closed') as BreakerState,
    version: Number(state.version ?? 0),
    seq: Number(state.seq ?? 0),
    sinceMs: number(state.since),
    halfOpenAtMs: number(state.halfOpenAt),
    openMs: number(state.openMs),
    cause: text(state.cause) as Cause | null,
    detail: text(state.detail),
    by: text(state.by),
    host: text(state.host),
    reason: text(state.reason),
    lastError: text(state.lastError),
    lastErrorAtMs: number(state.lastErrorAt),
    openings: Number(state.openings ?? 0),
    successes: Number(state.successes ?? 0),
    seenMs: number(state.seen),
    override: lapsed ? null : override,
    lapsed,
  };
}

/** Reads an override, in force or not. */
export function parseOverride({ mode, by, host, reason, since, until }: Hash): Override | null {
  if (!mode) return null;
  return {
    mode: mode as OverrideMode,
    by: by ?? '',
    host: host ?? '',
    reason: reason ?? '',
    sinceMs: Number(since ?? 0),
    untilMs: until && until !== '0' ? Number(until) : null,
  };
}

/** Reads the settings. */
export function parseSettings(config: Hash): SettingsInForce {
  const declared = layer(config, 'declared:');
  const set = layer(config, 'set:');
  return {
    settings: effectiveSettings({ ...declared, ...set }),
    declared,
    set,
    setBy: text(config.setBy),
    setHost: text(config.setHost),
    setReason: text(config.setReason),
    setAtMs: number(config.setAt),
    rev: Number(config.rev ?? 0),
  };
}

function layer(config: Hash, prefix: string): GivenSettings {
  const given: GivenSettings = {};
  for (const key of SETTING_KEYS) {
    const value = config[prefix + key];
    if (value !== undefined) given[key] = Number(value);
  }
  return given;
}

/** The last moves of a breaker that this instance has made, the oldest first. */
export function movesMadeBy(instance: string, state: Hash): Transition[] {
  const entries = (state.made ?? '').split(' ').filter(Boolean).reverse();
  return entries.flatMap((entry) => {
    const [version, from, to, cause, ...rest] = entry.split(':');
    if (rest.join(':') !== instance) return [];
    return [{ version: Number(version), from, to, cause } as Transition];
  });
}
