import { crc32 } from 'node:zlib';
import { seededRandom } from '../../model/random.ts';

/** A stream of numbers from 0 to 1 for one part of the payload: what one part takes does not move the others. */
export function randomOf(seed: number, part: string): () => number {
  return seededRandom(crc32(`${seed}/${part}`));
}

/** A whole number from 0, below `count`. */
export function pick(count: number, random: () => number): number {
  return Math.floor(random() * count);
}
