import { type LoadSecond, PERCENTILES } from '../result.ts';
import type { BackendSample } from '../targets/target.ts';
import { BLOCK_STAGES, type Block, type BlockStage } from './blocks.ts';
import { type TimeName, timeOf } from './kinds.ts';
import { known, type Sample } from './sample.ts';
import { type Drawn, spreadOf } from './spread.ts';

/** What a block says of measures that are no times; others are not known by the second. */
const TOTALS: Record<string, (second: LoadSecond) => number> = {
  rate: ({ confirmed }) => confirmed,
  processedRate: ({ processed }) => processed,
  sent: ({ sent }) => sent,
  confirmed: ({ confirmed }) => confirmed,
  processed: ({ processed }) => processed,
};
const LEVELS: Record<string, (second: LoadSecond) => number | null> = {
  lag: ofBackend('lag'),
  pending: ofBackend('pending'),
  length: ofBackend('length'),
  queueBytes: ofBackend('queueBytes'),
  cpu: ({ backendCpu }) => backendCpu,
};

/**
 * Each block is a unit; a draw of several is what their messages together come to. The most and the least that was seen
 * cannot be drawn: of those there is no interval.
 *
 * @param whole what a time without a stage is of
 */
export function blockSample(blocks: readonly Block[], whole: BlockStage): Sample {
  const spreads = Object.fromEntries(
    BLOCK_STAGES.map((stage) => [stage, spreadOf(blocks.map(({ histograms }) => histograms[stage]))]),
  ) as Record<BlockStage, ReturnType<typeof spreadOf>>;
  return {
    valuesOf: (measure) => known(blocks.map((block) => valueIn(block, measure, whole))),
    draw: (random) => {
      const times = blocks.map(() => 0);
      for (const _ of blocks) times[Math.floor(random() * blocks.length)]! += 1;
      const drawn: Partial<Record<BlockStage, Drawn | null>> = {};
      return (measure) => {
        const named = timeOf(measure);
        if (!named) return drawnTotal(blocks, times, measure);
        const stage = stageOf(named, whole);
        if (!stage || named.time === 'min' || named.time === 'max') return null;
        if (drawn[stage] === undefined) drawn[stage] = spreads[stage](times);
        return drawn[stage]?.[named.time] ?? null;
      };
    },
  };
}

function stageOf({ stage }: TimeName, whole: BlockStage): BlockStage | undefined {
  return BLOCK_STAGES.find((one) => one === (stage ?? whole));
}

function valueIn(block: Block, measure: string, whole: BlockStage): number | null {
  const named = timeOf(measure);
  if (named) {
    const stage = stageOf(named, whole);
    return stage ? timeIn(block, stage, named.time) : null;
  }
  const total = TOTALS[measure];
  if (total) return block.seconds.reduce((sum, second) => sum + total(second), 0);
  const level = LEVELS[measure];
  const seen = level ? known(block.seconds.map(level)) : [];
  return seen.length === 0 ? null : Math.max(...seen);
}

/** In ms. */
function timeIn({ seconds, histograms }: Block, stage: BlockStage, time: TimeName['time']): number | null {
  const histogram = histograms[stage];
  if (!histogram) return null;
  if (time === 'mean') return histogram.mean / 1000;
  if (time === 'max') return Math.max(...seconds.map((second) => second[stage]?.max ?? 0));
  if (time === 'min')
    return Math.min(...seconds.map((second) => second[stage]?.min ?? Number.POSITIVE_INFINITY));
  return histogram.getValueAtPercentile(PERCENTILES[time]) / 1000;
}

function drawnTotal(blocks: readonly Block[], times: readonly number[], measure: string): number | null {
  const total = TOTALS[measure];
  if (!total) return null;
  return blocks.reduce(
    (sum, { seconds }, at) => sum + times[at]! * seconds.reduce((own, second) => own + total(second), 0),
    0,
  );
}

function ofBackend(name: keyof BackendSample): (second: LoadSecond) => number | null {
  return ({ backend }) => backend?.[name] ?? null;
}
