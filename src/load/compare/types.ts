import type { LoadResult, LoadVerdict } from '../result.ts';
import type { MeasureKind, MeasureUnit } from './kinds.ts';

/** What may differ between runs that are compared, where the user says so. */
export const DIFFERENCES = ['workload', 'machine', 'node', 'verdict'] as const;
export type DifferenceName = (typeof DIFFERENCES)[number];

/** One thing that is not the same in all runs. */
export interface Difference {
  /** `target` is what a comparison is for, and never in its way. */
  name: DifferenceName | 'target';
  /** `rate`, `cpu`; a text of its own where the whole differs. */
  part: string;
  base: string;
  candidate: string;
}

/** The runs of one side. */
export interface ComparedSide {
  target: LoadResult['target'];
  name: string | null;
  runs: { run: string; startedAt: string; verdict: LoadVerdict; qctl: string }[];
}

/** What the numbers of both sides rest on. */
export interface TestBasis {
  /** What stands for itself: whole runs, or blocks of seconds of them. Null: there is not enough for a test. */
  unit: 'runs' | 'blocks' | null;
  base: number;
  candidate: number;
  /** Of a block. */
  blockMs: number | null;
  /** Chance of an error that is accepted: below it a difference counts. */
  alpha: number;
}

/**
 * One measure of both sides: the median of the runs, of counts the worst run. `relative` and `interval` are parts: 0.1 is
 * ten per cent more.
 */
export interface MeasureChange {
  name: string;
  kind: MeasureKind;
  unit: MeasureUnit;
  base: number | null;
  candidate: number | null;
  change: number | null;
  /** Null where the base is 0 and the candidate is not. */
  relative: number | null;
  /** Chance of such a difference between equals; null: not tested. */
  p: number | null;
  /** 95 % confidence interval of `relative`; null where none can be told. */
  interval: [low: number, high: number] | null;
  /** `noise`: it was tested, and no difference was shown. Null: not known. */
  outcome: 'better' | 'worse' | 'same' | 'noise' | null;
}

/** How a condition went. `inconclusive`: it can not be told, which is no pass. */
export interface ConditionResult {
  text: string;
  /** That it asks for. */
  measures: string[];
  outcome: 'passed' | 'failed' | 'inconclusive';
  /** As a clause. */
  why: string;
  /** How to get an answer, where there is none. */
  remedy: string | null;
}

/** Two sides of load runs, held against each other. */
export interface LoadComparison {
  /** `compared`: there was no condition. */
  verdict: 'passed' | 'failed' | 'inconclusive' | 'compared';
  base: ComparedSide;
  candidate: ComparedSide;
  /** Those that were let through, and the target. */
  differences: Difference[];
  test: TestBasis;
  measures: MeasureChange[];
  conditions: ConditionResult[];
  /** What is to be known about all this, a sentence each. */
  notes: string[];
}
