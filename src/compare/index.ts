export { checkRequest, compare } from './compare.ts';
export { type NamedInput, parseInput } from './input-text.ts';
export type {
  CompareProgress,
  CompareRequest,
  CompareWork,
  FileInput,
  PostgresInput,
  RedisInput,
  RuleTexts,
  SideInput,
} from './request.ts';
export { THRESHOLD_NAMES } from './scope.ts';
export { countsText, thresholdError } from './thresholds.ts';
export type {
  CompareVerdict,
  Comparison,
  Counts,
  DifferenceKind,
  DoubledKey,
  FieldReport,
  SampledDifference,
  SampledRecord,
  SideReport,
  Spread,
  ThresholdResult,
} from './types.ts';
