import { parseBytes } from '../../model/bytes.ts';
import { type Bodies, bodyOf, invalid, MOST_BODY_BYTES } from './bodies.ts';
import { pick } from './random.ts';
import { weighted } from './weighted.ts';

const CHARACTERS = Buffer.from('ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_');

/** One printable body of that size for all messages. */
export function fixedBodies(bytes: number, random: () => number): Bodies {
  const one = bodyOf(printable(bytes, random));
  return { next: () => one, meanBytes: bytes };
}

/**
 * Printable bodies of several sizes, each as often as its weight says.
 *
 * @param sizes weight by size: `{ 256: 70, 4KB: 30 }`
 * @throws QctlError `config` LOAD_PAYLOAD_INVALID where there is none, or a name is no size
 */
export function sizedBodies(sizes: Readonly<Record<string, number>>, random: () => number): Bodies {
  const weights = Object.values(sizes);
  if (weights.length === 0)
    throw invalid('sizes', 'names no size', ['payload: { sizes: { 256: 70, 4KB: 30 } }']);
  const bytes = Object.keys(sizes).map(sizeOf);
  const text = printable(Math.max(...bytes), random);
  const bodies = bytes.map((size) => bodyOf(text.subarray(0, size)));
  const choose = weighted(Float64Array.from(weights), random);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  return {
    next: () => bodies[choose()]!,
    meanBytes: bytes.reduce((sum, size, at) => sum + size * (weights[at]! / total), 0),
  };
}

function sizeOf(written: string): number {
  const bytes = parseBytes(written);
  if (bytes === undefined || bytes > MOST_BODY_BYTES)
    throw invalid(`sizes.${written}`, 'expected a size up to 16 MiB such as 256 or 4KB', [
      'sizes stand to the left, their weights to the right: { 256: 70, 4KB: 30 }',
    ]);
  return bytes;
}

function printable(bytes: number, random: () => number): Buffer {
  const text = Buffer.allocUnsafe(bytes);
  for (let at = 0; at < bytes; at += 1) text[at] = CHARACTERS[pick(CHARACTERS.length, random)]!;
  return text;
}
