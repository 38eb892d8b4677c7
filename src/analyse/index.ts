/** Looks at sources and target before anything is moved. */

export { analyse } from './analyse.ts';
export type { Analysis, MoveAnalysis, Verdict } from './analysis.ts';
export { FINDINGS, kindOf } from './catalogue/index.ts';
export type { Figure } from './figure.ts';
export type { FindingKind, Level, ShownFinding } from './finding.ts';
export type { AnalyseRequest, MoveRequest } from './request.ts';
