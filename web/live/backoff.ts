const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 15_000;

/** Twice as long each time, and by chance up to a half less: 200 pages must not all come back at one instant. */
export function retryAfterMs(attempt: number, chance: number): number {
  const most = Math.min(LAST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempt);
  return Math.round(most * (1 - chance / 2));
}
