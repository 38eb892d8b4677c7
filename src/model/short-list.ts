const MOST_NAMED = 10;

/** The first names of many, and that there are more: `a, b, …`. */
export function shortList(names: readonly string[]): string {
  return `${names.slice(0, MOST_NAMED).join(', ')}${names.length > MOST_NAMED ? ', …' : ''}`;
}
