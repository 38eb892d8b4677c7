/** Judges values against thresholds, as monitoring understands it; measures nothing and formats nothing. */

export { between, type Finding, type Item, type JudgedItem, judgeItem, known, type Reading } from './item.ts';
export { type Bounds, judge, type Thresholds, type Verdict } from './judge.ts';
export { breaches, type Operand, parseRange, type Range } from './range.ts';
export { type Status, severity, worstStatus } from './status.ts';
