import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';

// Of this process alone: what is compared depends on nothing that anybody outside knows.
const KEY = randomBytes(32);

/** A text as something of fixed length that tells nothing of it. */
export function digestOf(text: string): Buffer {
  return createHmac('sha256', KEY).update(text).digest();
}

/** Takes the same time whatever the texts are, and however long. */
export function sameDigest(a: Buffer, b: Buffer): boolean {
  return timingSafeEqual(a, b);
}
