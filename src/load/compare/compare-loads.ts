import type { LoadResult } from '../result.ts';
import { changesOf } from './changes.ts';
import { checkComparable } from './comparable.ts';
import type { FailCondition } from './condition.ts';
import { judgeConditions, verdictOf } from './judge.ts';
import { notesOf } from './notes.ts';
import { basisOf } from './test-basis.ts';
import type { ComparedSide, DifferenceName, LoadComparison } from './types.ts';

const ALPHA = 0.05;
const DRAWS = 1000;

/** What is asked of a comparison. */
export interface CompareOptions {
  conditions?: readonly FailCondition[];
  /** Default 0.05. */
  alpha?: number;
  accept?: readonly DifferenceName[];
  /** How often the confidence intervals are drawn; 0: there are none. */
  draws?: number;
}

/**
 * Holds load runs against each other. Several runs of a side are repeats of one another.
 *
 * @throws QctlError `refused` LOAD_NOT_COMPARABLE, `config` LOAD_RESULTS_INVALID where a histogram is damaged
 */
export async function compareLoads(
  base: readonly LoadResult[],
  candidate: readonly LoadResult[],
  { conditions = [], alpha = ALPHA, accept = [], draws = DRAWS }: CompareOptions = {},
): Promise<LoadComparison> {
  const differences = checkComparable(base, candidate, accept);
  const basis = await basisOf(base, candidate, alpha);
  const measures = changesOf(base, candidate, basis, { alpha, draws });
  const { samples: _, ...test } = basis;
  const results = judgeConditions(conditions, measures, test);
  return {
    verdict: verdictOf(results),
    base: sideOf(base),
    candidate: sideOf(candidate),
    differences,
    test,
    measures,
    conditions: results,
    notes: notesOf(test, differences, conditions),
  };
}

function sideOf(runs: readonly LoadResult[]): ComparedSide {
  const [first] = runs;
  return {
    target: first!.target,
    name: first!.name,
    runs: runs.map(({ run, startedAt, verdict, environment }) => ({
      run,
      startedAt,
      verdict,
      qctl: environment.qctl,
    })),
  };
}
