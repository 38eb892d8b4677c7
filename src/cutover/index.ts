/** Cutovers: plans, what they take, and how they are run, watched, steered and undone. */

export { arithmetic, type PlanArithmetic, requireBudget } from './arithmetic.ts';
export type { Backup, BackupStore } from './backup.ts';
export { openBackups } from './backups.ts';
export {
  abortCutover,
  approveCutover,
  type Controlled,
  pauseCutover,
  type Speaker,
  unpauseCutover,
} from './control.ts';
export { formatDiagram } from './diagram.ts';
export { rollbackCutover } from './go-back.ts';
export type { BackDrain, CutoverHost, ForwardDrain } from './host.ts';
export {
  type KeptConfig,
  type KeptProfile,
  keptConfig,
  keptPlan,
  keptRuns,
  keptStatus,
  runConfig,
} from './kept-plan.ts';
export { acquireLock, type LockStatus, lockStatus, releaseLock } from './lock.ts';
export { type ReadJournal, readJournal } from './open-journal.ts';
export type {
  CutoverEvents,
  CutoverOptions,
  CutoverParts,
  CutoverReport,
  PlanTimes,
  Sandbox,
} from './options.ts';
export { PLAN_SCHEMA_FILE, planJsonSchema } from './plan/json-schema.ts';
export { type PlanInputs, type PlanSource, readPlan } from './plan/read.ts';
export type * from './plan-types.ts';
export { previewCutover, previewRollback, type RollbackPreview } from './preview.ts';
export { RECIPES, type RecipeInputs } from './recipes/index.ts';
export { rehearseCutover } from './rehearsal/rehearse.ts';
export type { RehearsalReport } from './rehearsal/report.ts';
export { planResume, type ResumePlan, resumeCutover } from './resume.ts';
export { byHand, returnMessages } from './return-messages.ts';
export { planRollback, type RollbackPlan, type Undoable } from './rollback.ts';
export { startCutover } from './run-cutover.ts';
export type * from './run-types.ts';
export type { Said } from './said.ts';
export type * from './step.ts';
export { cutoverStatus, findRun, type Gate, listCutovers, type RunRecord, requireRun } from './store.ts';
