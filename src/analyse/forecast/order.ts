import { partitionFor } from '../../sinks/partition.ts';
import type { SampledEntry } from './sample.ts';

/** How messages of the same key spread over the partitions of the stream. */
export interface OrderPlan {
  /** Different keys in the sample; 0: nothing keeps messages in order. */
  keys: number;
  /** Messages of the sample, and those of them that have a key. */
  sampled: number;
  keyed: number;
  /** The key with the most messages, and its share of them all, 0 to 1. */
  hottest: { key: string; share: number } | null;
  partitions: number;
  /** The fullest partition's share of the messages, 0 to 1. */
  fullestShare: number;
  /** The most partitions that still get about the same, by this sample. */
  evenUpTo: number;
}

/** A partition that has so much more than its fair share is no longer even. */
const UNEVEN = 1.5;
const MOST_PARTITIONS = 64;

/** Null where nothing was sampled. */
export function planOrder(sample: readonly SampledEntry[], partitions: number): OrderPlan | null {
  if (sample.length === 0) return null;
  const counts = new Map<string, number>();
  for (const { key } of sample) if (key !== null) counts.set(key, (counts.get(key) ?? 0) + 1);
  const [hottest] = [...counts].sort(([, a], [, b]) => b - a);
  return {
    keys: counts.size,
    sampled: sample.length,
    keyed: [...counts.values()].reduce((sum, count) => sum + count, 0),
    hottest: hottest ? { key: hottest[0], share: hottest[1] / sample.length } : null,
    partitions,
    fullestShare: fullest(sample, partitions),
    evenUpTo: evenUpTo(sample),
  };
}

function fullest(sample: readonly SampledEntry[], partitions: number): number {
  const counts = new Array<number>(partitions).fill(0);
  for (const { id, key } of sample)
    counts[partitionFor(id, key === null ? null : Buffer.from(key), partitions)]! += 1;
  return Math.max(...counts) / sample.length;
}

function evenUpTo(sample: readonly SampledEntry[]): number {
  let partitions = 1;
  while (partitions * 2 <= MOST_PARTITIONS && fullest(sample, partitions * 2) <= UNEVEN / (partitions * 2))
    partitions *= 2;
  return partitions;
}
