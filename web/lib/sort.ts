/** What rows are sorted by. */
export type SortValue = string | number | null | undefined;

/** Sorted copy; what is not known comes last, whichever way. */
export function sortRows<Row>(
  rows: readonly Row[],
  by: (row: Row) => SortValue,
  descending: boolean,
  nameOf: (row: Row) => string,
): Row[] {
  const sign = descending ? -1 : 1;
  return [...rows].sort((a, b) => {
    const [left, right] = [by(a) ?? null, by(b) ?? null];
    if (left === null || right === null)
      return Number(left === null) - Number(right === null) || names(a, b, nameOf);
    if (left === right) return names(a, b, nameOf);
    return left < right ? -sign : sign;
  });
}

function names<Row>(a: Row, b: Row, nameOf: (row: Row) => string): number {
  return nameOf(a) < nameOf(b) ? -1 : 1;
}

/** In the order that they had; new ones at the end. */
export function inOrder<Row>(
  rows: readonly Row[],
  order: readonly string[],
  nameOf: (row: Row) => string,
): Row[] {
  const byName = new Map(rows.map((row) => [nameOf(row), row]));
  const known = order.flatMap((name) => byName.get(name) ?? []);
  const had = new Set(order);
  return [...known, ...rows.filter((row) => !had.has(nameOf(row)))];
}
