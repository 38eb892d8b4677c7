/** Load tests: sends as a schedule says, measures from the intended moment, and counts what became of each message. */

export type { ArrivalStage, Arrivals } from './arrivals/arrivals.ts';
export { differenceText } from './compare/comparable.ts';
export { type CompareOptions, compareLoads } from './compare/compare-loads.ts';
export { type FailCondition, parseCondition } from './compare/condition.ts';
export { compareError } from './compare/failure.ts';
export {
  type ComparedSide,
  type ConditionResult,
  DIFFERENCES,
  type DifferenceName,
  type LoadComparison,
  type MeasureChange,
} from './compare/types.ts';
export { changeText, percentText, pText, valueText } from './compare/words.ts';
export { curvePercentiles, type DecodedHistogram, decodeHistogram } from './decode.ts';
export { type FindMaxOptions, findMax } from './find-max/find-max.ts';
export { forecastSearch } from './find-max/forecast.ts';
export { probeProfile } from './find-max/probe-profile.ts';
export type { LoadMax, ProbeReport } from './find-max/types.ts';
export { MEASURES, type Measured, measuresOf } from './measures.ts';
export type { LoadProfile } from './profile/profile.ts';
export { type ProfileInput, profileOf, readProfile } from './profile/read.ts';
export {
  type FaultReport,
  type Fingerprint,
  type Latency,
  type LoadCounts,
  type LoadResult,
  type LoadSecond,
  type LoadVerdict,
  PERCENTILES,
  type Percentile,
  STAGES,
  type Stage,
  type ThresholdReport,
} from './result.ts';
export { type LoadResults, readResults, toResults, writeResults } from './results-file.ts';
export type { LoadDoors, LoadOptions, LoadPlan, LoadProgress } from './run-types.ts';

/** See `run-load.ts`; loaded when it is called: not every command that knows of load tests runs one. */
export const runLoad: typeof import('./run-load.ts').runLoad = async (...given) =>
  (await import('./run-load.ts')).runLoad(...given);

/** See `plan-load.ts`. */
export const planLoad: typeof import('./plan-load.ts').planLoad = async (...given) =>
  (await import('./plan-load.ts')).planLoad(...given);
