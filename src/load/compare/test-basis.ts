import type { LoadResult } from '../result.ts';
import { blockSample } from './block-sample.ts';
import { blockSecondsFor, blocksOf } from './blocks.ts';
import { runSample, type Sample } from './sample.ts';
import type { TestBasis } from './types.ts';

/** With three runs a side no difference whatever comes below 5 %. */
const LEAST_RUNS = 4;
const LEAST_BLOCKS = 8;

/** What is compared, and the numbers of both sides; null where there is not enough. */
export interface BasisSamples extends TestBasis {
  samples: [base: Sample, candidate: Sample] | null;
}

/** So many of them a side are needed for a test. */
export function leastUnits(unit: 'runs' | 'blocks'): number {
  return unit === 'runs' ? LEAST_RUNS : LEAST_BLOCKS;
}

/** Runs where each side has at least four, else blocks of their seconds where each has eight. */
export async function basisOf(
  base: readonly LoadResult[],
  candidate: readonly LoadResult[],
  alpha: number,
): Promise<BasisSamples> {
  const counts = { base: base.length, candidate: candidate.length };
  if (Math.min(counts.base, counts.candidate) >= LEAST_RUNS) {
    const samples: BasisSamples['samples'] = [runSample(base), runSample(candidate)];
    return { unit: 'runs', ...counts, blockMs: null, alpha, samples };
  }
  const blocks = await blockBasis(base, candidate, alpha);
  return blocks ?? { unit: null, ...counts, blockMs: null, alpha, samples: null };
}

async function blockBasis(
  base: readonly LoadResult[],
  candidate: readonly LoadResult[],
  alpha: number,
): Promise<BasisSamples | undefined> {
  const seconds = blockSecondsFor(base, candidate);
  const sides = [await blocksOf(base, seconds), await blocksOf(candidate, seconds)] as const;
  if (sides.some((blocks) => blocks.length < LEAST_BLOCKS)) return undefined;
  const consumed = [...base, ...candidate].some(({ latency }) => latency.endToEnd !== null);
  const [before, after] = sides.map((blocks) => blockSample(blocks, consumed ? 'endToEnd' : 'enqueue'));
  return {
    unit: 'blocks',
    base: sides[0].length,
    candidate: sides[1].length,
    blockMs: seconds * 1000,
    alpha,
    samples: [before!, after!],
  };
}
