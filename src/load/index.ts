export { curvePercentiles, type DecodedHistogram, decodeHistogram } from './decode.ts';
export { type LoadProfile, readProfile } from './profile.ts';
export type { LoadResult } from './result.ts';
export {
  type FaultReport,
  type Latency,
  type LoadCounts,
  type LoadSecond,
  type LoadVerdict,
  PERCENTILES,
  type Percentile,
  STAGES,
  type Stage,
  type ThresholdReport,
} from './result.ts';
export { type LoadResults, readResults, toResults, writeResults } from './results-file.ts';
export { runLoad } from './run-load.ts';
export type { LoadPlan, LoadProgress } from './run-types.ts';
