/** Longest name of a circuit breaker. */
export const MOST_BREAKER_NAME_BYTES = 200;

/** Whether a breaker may have this name: printable, no braces, which decide about slots, and no blanks. */
export function isBreakerName(name: string): boolean {
  return /^[^\s{}\p{C}]+$/u.test(name) && Buffer.byteLength(name) <= MOST_BREAKER_NAME_BYTES;
}
