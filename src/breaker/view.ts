import type { BreakerSettings, GivenSettings } from '../model/breaker-settings.ts';

/** Of a breaker itself, whatever an override says. */
export type BreakerState = 'closed' | 'open' | 'half-open';

/** All override modes; `open` and `closed` decide for every call, `disabled` counts nothing, `observe` only watches. */
export const OVERRIDE_MODES = ['open', 'closed', 'disabled', 'observe'] as const;
/** See {@link OVERRIDE_MODES}. */
export type OverrideMode = (typeof OVERRIDE_MODES)[number];

/** Why a breaker is in its state: what was counted, how a probe went, or what an operator did. */
export type Cause =
  | 'failures'
  | 'failure-rate'
  | 'slow-calls'
  | 'open-time-over'
  | 'probe-failed'
  | 'recovered'
  | 'tripped'
  | 'reset';

/** What an operator has put over a breaker. Times are ms since 1970 by the clock of Redis. */
export interface Override {
  mode: OverrideMode;
  /** User. */
  by: string;
  host: string;
  reason: string;
  sinceMs: number;
  /** Null: until it is released. */
  untilMs: number | null;
}

/** What processes share of a breaker. Times are ms since 1970 by the clock of Redis; null is not known or not yet. */
export interface Shared {
  /** Of Redis, when this was read. */
  nowMs: number;
  state: BreakerState;
  /** Goes up with every move from state to state; calls counted at another one are not counted. */
  version: number;
  /** Goes up with every change, those of overrides and settings included. */
  seq: number;
  sinceMs: number | null;
  /** When it lets a probe through, while it is open. */
  halfOpenAtMs: number | null;
  /** The open time that ends then. */
  openMs: number | null;
  cause: Cause | null;
  /** As a clause: `5 of 5 calls failed in 60s, threshold 5`. */
  detail: string | null;
  /** Who tripped or reset it; null where it moved by itself. */
  by: string | null;
  host: string | null;
  reason: string | null;
  lastError: string | null;
  lastErrorAtMs: number | null;
  /** How often it has opened without having stayed closed for long. */
  openings: number;
  /** Probes that have succeeded in this half-open time. */
  successes: number;
  /** When a process was last heard of. */
  seenMs: number | null;
  /** The override that is in force. */
  override: Override | null;
  /** True where an override stands there whose time is over, and no process has taken it away yet. */
  lapsed: boolean;
}

/** Settings and who gave them. */
export interface SettingsInForce {
  settings: BreakerSettings;
  /** By programs, qctl.yaml and the environment. */
  declared: GivenSettings;
  /** By operators; these stand above. */
  set: GivenSettings;
  setBy: string | null;
  setHost: string | null;
  setReason: string | null;
  setAtMs: number | null;
  /** Goes up with every change of the settings. */
  rev: number;
}

/** Calls in the window. */
export interface CallCounts {
  ok: number;
  failed: number;
  /** Of these, succeeded or not. */
  slow: number;
  rejected: number;
}

/** One look at a breaker. */
export interface BreakerView extends Shared, SettingsInForce {
  name: string;
  /** False where Redis knows nothing of it yet. */
  known: boolean;
  /** The one that {@link Shared.lapsed} tells of; null where there is none. */
  lapsedOverride: Override | null;
  counts: CallCounts;
  probesUnderWay: number;
}

/** A move from state to state. */
export interface Transition {
  version: number;
  from: BreakerState;
  to: BreakerState;
  cause: Cause;
}

/** What happens to the next call: it goes, it is rejected, or it asks for a probe. */
export function verdictOf({
  state,
  override,
}: Pick<Shared, 'state' | 'override'>): 'pass' | 'reject' | 'probe' {
  if (override) return override.mode === 'open' ? 'reject' : 'pass';
  return state === 'closed' ? 'pass' : 'probe';
}
