/** Maintenance, as cron does it: a plan as data, one file a part, one lock for all hosts, and an end in time. */

export { type BreakerWork, maintainBreakers } from './breakers.ts';
export type { Leftover } from './leftovers.ts';
export type { Operator } from './lock.ts';
export { chooseParts, isStreamPart, PARTS, type Part, type PartChoice, type StreamPart } from './parts.ts';
export { type MaintainPlan, planMaintenance, planStreams } from './plan.ts';
export { emptyReport, type MaintainReport, type MaintainSummary, reportError, summaryOf } from './report.ts';
export { BUDGET_MS, type MaintainEvents, type MaintainRequest, REAP_AFTER_MS } from './request.ts';
export { runMaintenance } from './run.ts';
export { lostError, scheduledStreams, type WaitingPlan } from './scheduled.ts';
export type { StreamWork } from './stream-work.ts';
