/**
 * Judges values: against thresholds, as monitoring understands it, and by expressions, as plans do. Measures nothing by
 * itself and formats nothing.
 */

export { type Baseline, type BaselineOptions, takeBaseline } from './baseline.ts';
export type {
  CheckOutcome,
  CheckSpec,
  CheckSummary,
  CheckValue,
  Measure,
  Measurement,
  MetricRef,
  Reaction,
} from './check.ts';
export { checkSchema, type MetricSchema, type MetricSchemas, usesBaseline } from './check-schema.ts';
export { expressionError } from './expression/error.ts';
export type { Scope } from './expression/evaluate.ts';
export { type Token, tokensOf } from './expression/tokens.ts';
export { COMPARISONS, type Comparison, type Node, nodesOf } from './expression/tree.ts';
export { type Expression, explain, holdsFor, parseExpression } from './expression.ts';
export { between, type Finding, type Item, type JudgedItem, judgeItem, known, type Reading } from './item.ts';
export { type Bounds, judge, type Thresholds, type Verdict } from './judge.ts';
export { type Measured, measureOnce } from './measure-once.ts';
export { breaches, type Operand, parseRange, type Range } from './range.ts';
export { type Status, severity, worstStatus } from './status.ts';
export { type CheckVerdict, type JudgeValue, judgeOf } from './verdict.ts';
export { type WatchEvent, type WatchOptions, type WatchOutcome, watchChecks } from './watch-checks.ts';
