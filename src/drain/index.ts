export { withClaimColumn } from '../sources/postgres/claim-column.ts';
export type { PostgresSpec } from '../sources/postgres/spec.ts';
export type { SqsSelection } from '../sources/sqs/selection.ts';
export * from './back/index.ts';
export { type Differing, differs } from './compare.ts';
export { type DrainPlan, type OpenDrain, openDrain } from './open.ts';
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
export type { SourceChange } from './source-watch.ts';
export {
  listRuns,
  type RunDefinition,
  type RunStatus,
  type RunSummary,
  runDefinition,
  runStatus,
  type VerifyConnections,
  verifyRun,
} from './status.ts';
