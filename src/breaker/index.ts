/** Circuit breakers that processes and languages share through Redis, and that operators can see and steer. */

export { CircuitBreaker } from './circuit-breaker.ts';
export {
  DIALECTS,
  type Dialect,
  type ForeignBreaker,
  type ForeignBreakers,
  listForeignBreakers,
} from './dialects/index.ts';
export { type BreakerEvent, type EventQuery, endOfEvents, nextEvents, readEvents } from './events.ts';
export { foresee } from './foresee.ts';
export { forgetUnused, UNUSED_AFTER_MS, type UnusedBreaker, unusedBreakers } from './forget-unused.ts';
export { FORGOTTEN_AFTER_MS, type ForgottenOverride, forgottenOverrides } from './forgotten.ts';
export { checkBreakerName, isBreakerName } from './keys.ts';
export type {
  BreakerEvents,
  BreakerStatus,
  BreakerTransition,
  CallDetails,
  ExecuteOptions,
  Permit,
} from './library-types.ts';
export {
  knownBreakers,
  lookAtBreakers,
  lookAtEach,
  resolveBreakers,
  type UnreadableBreaker,
} from './look.ts';
export { BreakerMachine, type HeldMode, type ProbeResult, type Report } from './machine.ts';
export { CircuitOpenError } from './open-error.ts';
export {
  type BreakerChange,
  type Operation,
  type Operator,
  operateBreaker,
  type Standing,
} from './operate.ts';

export type { BreakerOptions } from './options.ts';
export * from './simulate/index.ts';
export { type Threshold, thresholdsOf } from './thresholds.ts';
export {
  type BreakerState,
  type BreakerView,
  type CallCounts,
  type Cause,
  OVERRIDE_MODES,
  type Override,
  type OverrideMode,
  type Transition,
  verdictOf,
} from './view.ts';
