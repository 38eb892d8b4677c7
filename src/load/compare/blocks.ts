import type { Histogram } from 'hdr-histogram-js';
import { decodeOrThrow } from '../decode.ts';
import type { LoadResult, LoadSecond } from '../result.ts';

/** Shorter ones depend too much on one another. */
export const LEAST_BLOCK_SECONDS = 5;
/** With more of them it only takes longer. */
const MOST_BLOCKS = 40;

/** Stages of which there is a histogram for each second. */
export const BLOCK_STAGES = ['enqueue', 'endToEnd'] as const;
export type BlockStage = (typeof BLOCK_STAGES)[number];

/** Some seconds of a run as one. */
export interface Block {
  seconds: readonly LoadSecond[];
  /** All values of these seconds in µs; null where nothing ended in them. */
  histograms: Record<BlockStage, Histogram | null>;
}

/** How many seconds a block has: at least five, more where the run is long. */
export function blockSecondsFor(base: readonly LoadResult[], candidate: readonly LoadResult[]): number {
  const shorter = Math.min(...[base, candidate].map((runs) => runs.flatMap(measured).length));
  return Math.max(LEAST_BLOCK_SECONDS, Math.ceil(shorter / MOST_BLOCKS));
}

/**
 * Whole blocks of what was sent after the warm-up, run by run; what is left over at the end of a run is left out.
 * Rejects with `config` LOAD_RESULTS_INVALID where a histogram is damaged.
 */
export async function blocksOf(runs: readonly LoadResult[], blockSeconds: number): Promise<Block[]> {
  const library = await import('../hdr-library.ts');
  return runs.flatMap((run) => {
    const seconds = measured(run);
    const count = Math.floor(seconds.length / blockSeconds);
    return Array.from({ length: count }, (_, at) =>
      blockOf(library, seconds.slice(at * blockSeconds, (at + 1) * blockSeconds)),
    );
  });
}

function measured({ seconds }: LoadResult): LoadSecond[] {
  return seconds.filter(({ phase }) => phase === 'measure');
}

type Library = typeof import('../hdr-library.ts');

function blockOf(library: Library, seconds: readonly LoadSecond[]): Block {
  return {
    seconds,
    histograms: {
      enqueue: merged(library, seconds, 'enqueue'),
      endToEnd: merged(library, seconds, 'endToEnd'),
    },
  };
}

function merged(
  { build, decodeFromCompressedBase64 }: Library,
  seconds: readonly LoadSecond[],
  stage: BlockStage,
): Histogram | null {
  const parts = seconds.flatMap((second) => second[stage]?.histogram ?? []);
  if (parts.length === 0) return null;
  const whole = build({ numberOfSignificantValueDigits: 3, autoResize: true });
  return decodeOrThrow(() => {
    for (const part of parts) whole.add(decodeFromCompressedBase64(part));
    return whole;
  });
}
