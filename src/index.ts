/** The public library. */

export {
  type BreakerEvents,
  type BreakerOptions,
  type BreakerState,
  type BreakerStatus,
  type BreakerTransition,
  type CallDetails,
  CircuitBreaker,
  CircuitOpenError,
  type ExecuteOptions,
  type OverrideMode,
  type Permit,
} from './breaker/index.ts';
export {
  DEFAULT_SETTINGS,
  type DrainPlan,
  type DrainReport,
  type DrainRequest,
  openDrain,
  runDrain,
} from './drain/index.ts';
export { type ErrorKind, QctlError } from './errors.ts';
export type { DrainEvents, DrainSnapshot } from './events.ts';
export {
  decide,
  type Route,
  type RouteDecision,
  type RouteRules,
  Router,
  type RouterEvents,
  type RouterOptions,
  type RouterQuestion,
  type RouterStatus,
  type Side,
} from './routing/index.ts';
export {
  recordStage,
  type StageClient,
  type StageOutcome,
  type StageRecord,
} from './streams/index.ts';
