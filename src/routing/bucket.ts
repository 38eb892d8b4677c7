import { hash } from 'node:crypto';
import type { Share } from './route.ts';

/** So many buckets: 1 % is a hundred of them. */
export const BUCKETS = 10_000;

/**
 * The bucket of a key, from 0 to 9999: the first 32 bits of SHA-1 over `NAME:KEY` in UTF-8, modulo 10,000. The name
 * of the route is the salt, so that the same keys are not always the first. Part of the contract with other languages:
 * docs/routing.md, docs/routing-vectors.json.
 *
 * @param seed of a second split of the same keys, which must not follow the first: `NAME#SEED:KEY`
 */
export function bucketOf(name: string, key: string, seed = ''): number {
  const salt = seed === '' ? name : `${name}#${seed}`;
  return Number.parseInt(hash('sha1', `${salt}:${key}`).slice(0, 8), 16) % BUCKETS;
}

/** How many of the buckets go to the new side: those below this number. */
export function bucketsBelow(share: Share): number {
  if (share === 'old') return 0;
  return share === 'new' ? BUCKETS : Math.round(share * 100);
}
