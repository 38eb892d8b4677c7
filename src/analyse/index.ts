/** Looks at sources and target before anything is moved. */

export { analyse } from './analyse.ts';
export type { Analysis, MoveAnalysis, Verdict } from './analysis.ts';
export { FINDINGS, kindOf } from './catalogue/index.ts';
export type { CelerySourceFacts } from './celery/facts.ts';
export { type ChangedFact, type Changes, compareAnalyses, type SavedAnalysis } from './compare.ts';
export type { Figure } from './figure.ts';
export type { FindingKind, Level, ShownFinding, Side } from './finding.ts';
export type { Forecast } from './forecast/forecast.ts';
export type { OrderPlan } from './forecast/order.ts';
export type { TypeReport } from './forecast/types.ts';
export { askingCarefully } from './postgres/careful.ts';
export type { PostgresSourceFacts } from './postgres/facts.ts';
export type { RedisServerFacts, TargetStreamFacts } from './redis/facts.ts';
export type { AnalyseRequest, MoveRequest } from './request.ts';
export type { SqsSourceFacts } from './sqs/facts.ts';
