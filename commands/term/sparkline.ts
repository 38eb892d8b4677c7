const SIGNS = '▁▂▃▄▅▆▇█';

/** Which of the values behind one sign it stands for: of a latency the highest, of a rate the lowest. */
export type Pick = 'most' | 'least';

/**
 * Numbers as a line of at most so many signs, 0 being the lowest. Null is a blank: nothing is known, or nothing
 * happened. Where there are more values than signs, each sign stands for several.
 */
export function sparkline(values: readonly (number | null)[], width: number, pick: Pick = 'most'): string {
  const columns = condense(values, width, pick);
  const top = columns.reduce<number>((most, value) => Math.max(most, value ?? 0), 0);
  return columns.map((value) => (value === null ? ' ' : signOf(value, top))).join('');
}

function signOf(value: number, top: number): string {
  if (top === 0 || value <= 0) return SIGNS[0]!;
  return SIGNS[Math.min(SIGNS.length - 1, Math.floor((value / top) * SIGNS.length))]!;
}

/** At most so many values in place of many; null only where all of those that it stands for are. */
export function condense(
  values: readonly (number | null)[],
  columns: number,
  pick: Pick = 'most',
): (number | null)[] {
  if (values.length <= columns) return [...values];
  const better = pick === 'most' ? Math.max : Math.min;
  return Array.from({ length: columns }, (_, at) => {
    const [from, to] = [at, at + 1].map((edge) => Math.floor((edge * values.length) / columns));
    const known = values.slice(from, to).filter((value) => value !== null);
    return known.length === 0 ? null : known.reduce((a, b) => better(a, b));
  });
}
