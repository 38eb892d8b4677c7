/** A number that only grows while nothing odd happens, at an instant by the clock of Redis. Null: not known. */
export interface Counter {
  timeMs: number;
  value: number | null;
}

/**
 * The difference between two looks, by the second. Null where there is no look before, where one of the two numbers is
 * not known, and where what happened was no work: a number that fell, or that rose by more than there was to do.
 */
export function perSecond(
  before: Counter | undefined,
  now: Counter,
  mostGrowth = Number.POSITIVE_INFINITY,
): number | null {
  const grown = growth(before?.value ?? null, now.value);
  const ms = before ? now.timeMs - before.timeMs : 0;
  return grown === null || ms <= 0 || grown > mostGrowth ? null : (grown * 1000) / ms;
}

/** How much a number has grown; null where that is not known, or where it fell. */
export function growth(before: number | null, now: number | null): number | null {
  return before === null || now === null || now < before ? null : now - before;
}
