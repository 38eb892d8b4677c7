export { CELERY_DEFAULTS, type CelerySpec, configuredQueue } from '../sources/celery/spec.ts';
export { withClaimColumn } from '../sources/postgres/claim-column.ts';
export type { PostgresSpec } from '../sources/postgres/spec.ts';
export type { SqsSelection } from '../sources/sqs/selection.ts';
export * from './back/index.ts';
export { BRAKES } from './brakes/probe.ts';
export { type Differing, differs } from './compare.ts';
export {
  type ControlChange,
  type ControlResult,
  type Decider,
  pauseRun,
  resumeRun,
  setRun,
  stopRun,
} from './control.ts';
export { type Decision, type ShownDecision, showDecision } from './decision.ts';
export { durabilityFindings, MAY_FORGET } from './durability-check.ts';
export { CHECKPOINT_TTL_MS } from './expiry.ts';
export type { Handover } from './handover.ts';
export { openBegun } from './join.ts';
export type { ShownOverride } from './live.ts';
export { type OpenDrain, openDrain } from './open.ts';
export type { DrainPlan } from './plan.ts';
export type { ReceiverBounds } from './receiver-tuner.ts';
export type { DrainReport, Ending } from './report.ts';
export {
  DEFAULT_SETTINGS,
  type DrainRequest,
  type DrainSettings,
  type DrainSource,
  type DrainTarget,
} from './request.ts';
export { runDrain } from './run.ts';
export { runFamilies } from './run-families.ts';
export { DESCRIPTION_FLAGS } from './setting-names.ts';
export type { SourceChange } from './source-watch.ts';
export {
  listRuns,
  type RunDefinition,
  type RunStatus,
  type RunSummary,
  runDefinition,
  runStatus,
  summaryOf,
} from './status.ts';
export { keyFindings, notEmptyFindings, serverFindings } from './target-checks.ts';
export { rightsFindings } from './target-rights.ts';
export { type BrakeLimits, NO_OVERRIDE, TUNABLE_NAMES, TUNABLE_VALUES } from './tunable.ts';
export { unevaluatedFindings, unevaluatedText } from './unevaluated.ts';
export { type UnfinishedRun, unfinishedRuns } from './unfinished.ts';
export { type VerifyConnections, verifyRun } from './verify-run.ts';
