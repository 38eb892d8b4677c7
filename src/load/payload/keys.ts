import type { KeysProfile } from '../profile/schema.ts';
import { pick } from './random.ts';
import { weighted } from './weighted.ts';

/**
 * Gives numbers of keys, from 0. `zipf`: key `k` comes in proportion to `1 / (k + 1) ^ skew`, so that the first keys
 * get the most.
 */
export function keyPicker({ count, distribution, skew }: KeysProfile, random: () => number): () => number {
  if (distribution === 'uniform') return () => pick(count, random);
  return weighted(
    new Float64Array(count).map((_, key) => (key + 1) ** -skew),
    random,
  );
}
