import { partitionOf } from '../../src/model/keys.ts';

/** How many keys there are, and how unevenly they are used: 0 is evenly, 1 is Zipf's law. */
export interface Keys {
  count: number;
  skew: number;
}

/** Share of all messages that each partition gets, by the hash that qctl itself uses. */
export function sharesOf({ count, skew }: Keys, partitions: number): number[] {
  const weights = new Float64Array(partitions);
  let sum = 0;
  for (let n = 1; n <= count; n += 1) {
    const weight = n ** -skew;
    weights[partitionOf(Buffer.from(`key-${n}`), partitions)]! += weight;
    sum += weight;
  }
  return Array.from(weights, (weight) => weight / sum);
}

/** The largest share over that of an even spread: 1 is even. */
export function unevenness(shares: readonly number[]): number {
  return Math.max(...shares) * shares.length;
}
