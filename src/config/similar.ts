const MAX_DISTANCE = 3;

/** The known name that an unknown one most likely meant; undefined where none is near. */
export function findSimilar(word: string, known: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.min(MAX_DISTANCE, Math.ceil(word.length * 0.4)) + 1;
  for (const candidate of known) {
    const distance = editDistance(word.toLowerCase(), candidate.toLowerCase());
    if (distance < bestDistance) {
      best = candidate;
      bestDistance = distance;
    }
  }
  return best;
}

/** Insertions, deletions, replacements and swaps of neighbours that turn one word into the other. */
export function editDistance(from: string, to: string): number {
  const rows: number[][] = [Array.from({ length: to.length + 1 }, (_, at) => at)];
  for (let i = 1; i <= from.length; i += 1) {
    rows.push([i]);
    for (let j = 1; j <= to.length; j += 1) rows[i]!.push(cellOf(rows, from, to, i, j));
  }
  return rows[from.length]![to.length]!;
}

function cellOf(rows: number[][], from: string, to: string, i: number, j: number): number {
  const replaced = rows[i - 1]![j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
  const cheapest = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, replaced);
  const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
  return swapped ? Math.min(cheapest, rows[i - 2]![j - 2]! + 1) : cheapest;
}
