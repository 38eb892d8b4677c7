import type { BreakerSettings } from '../model/breaker-settings.ts';
import type { CircuitOpenError } from './open-error.ts';
import type { Probe } from './probes.ts';
import type { BreakerState, OverrideMode, Transition } from './view.ts';

/** What a breaker is for this process. */
export interface BreakerStatus {
  name: string;
  state: BreakerState;
  /** What an operator has put over it. */
  override: OverrideMode | null;
  /** True where this process decided by what it has seen itself: without Redis, or with `instances` above 1. */
  local: boolean;
  /** Why Redis cannot be reached, as a clause; null while it can, or where none was named. */
  redisTrouble: string | null;
  settings: BreakerSettings;
}

/** A move that this process, and no other one, is told of. */
export interface BreakerTransition extends Transition {
  name: string;
}

/** The events of a {@link CircuitBreaker}. */
export interface BreakerEvents {
  /** The shared breaker has moved, and it was this process that made it: one process of all is told. */
  transition: [BreakerTransition];
  /** It is another one for this process: state, override, or whether it decides by itself. */
  change: [BreakerStatus];
  /** Redis cannot be reached (the reason), or can be again (null). */
  redis: [reason: string | null];
}

/** What a call may do: go, or not. To be given back to {@link CircuitBreaker.record} where it goes. */
export type Permit =
  | { allowed: true; startedAt: number; epoch: number; probe?: Probe; recorded?: boolean }
  | { allowed: false; error: CircuitOpenError };

/** How a call went, where the clock of {@link CircuitBreaker.record} does not do. */
export interface CallDetails {
  /** Default: since the permit was given. */
  durationMs?: number;
  /** Its text is shown to operators, URLs without passwords. */
  error?: unknown;
}

/** Options of one call. */
export interface ExecuteOptions<F> {
  /** Gives a result where the call was rejected or has failed. */
  fallback?: (error: unknown) => F | Promise<F>;
}
