/** One line of the outcome. */
export interface Result {
  name: string;
  ours: string;
  baseline: string;
  /** Ours against the baseline, median of the rounds; null where there is nothing to compare. */
  ratio: number | null;
  goal: { atLeast: number } | { atMost: number } | null;
  note?: string;
}

/** Told as soon as it is known; the table comes at the end. */
export type Tell = (result: Result) => void;

/** The middle value. */
export function median(values: number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** Pairs of measurements, A and B taken in turns so that a busy machine hits both alike. */
export async function paired<A, B>(
  rounds: number,
  first: () => Promise<A>,
  second: () => Promise<B>,
): Promise<[A, B][]> {
  const pairs: [A, B][] = [];
  for (let round = 0; round < rounds; round += 1) {
    if (round % 2 === 0) {
      const a = await first();
      pairs.push([a, await second()]);
    } else {
      const b = await second();
      pairs.push([await first(), b]);
    }
  }
  return pairs;
}

/** Messages a second, for reading: 12,345/s. */
export function rate(count: number, ms: number): string {
  return `${Math.round((count / ms) * 1000).toLocaleString('en-GB')}/s`;
}

/** What a drain of so many rows took, as a whole process and by itself, against what something else took. */
export function againstMs(
  rows: number,
  pairs: readonly (readonly [ours: { wallMs: number; elapsedMs: number }, theirsMs: number])[],
): Pick<Result, 'ours' | 'baseline' | 'ratio'> {
  const middle = (of: (pair: (typeof pairs)[number]) => number) => median(pairs.map(of));
  const alone = rate(
    rows,
    middle(([ours]) => ours.elapsedMs),
  );
  return {
    ours: `${rate(
      rows,
      middle(([ours]) => ours.wallMs),
    )} (drain alone ${alone})`,
    baseline: rate(
      rows,
      middle(([, theirsMs]) => theirsMs),
    ),
    ratio: middle(([ours, theirsMs]) => theirsMs / ours.wallMs),
  };
}

/** What is told where the machine lacks what it would be measured against. */
export function skipped(name: string, goal: Result['goal'], note: string): Result {
  return { name, ours: '-', baseline: '-', ratio: null, goal, note };
}

/** Whether the goal is met; true where there is none. */
export function meets({ ratio, goal }: Result): boolean {
  if (ratio === null || goal === null) return true;
  return 'atLeast' in goal ? ratio >= goal.atLeast : ratio <= goal.atMost;
}

/** The goal in words. */
export function goalText({ goal }: Result): string {
  if (!goal) return '-';
  return 'atLeast' in goal ? `≥ ${goal.atLeast}x` : `≤ ${goal.atMost}x`;
}

/** The verdict in words. */
export function verdict(result: Result): string {
  if (result.ratio === null) return result.goal ? 'skipped' : '-';
  if (!result.goal) return '-';
  return meets(result) ? 'met' : 'MISSED';
}

/** All lines as a table. */
export function formatResults(results: Result[]): string {
  const rows = [
    ['NAME', 'OURS', 'BASELINE', 'RATIO', 'GOAL', 'VERDICT'],
    ...results.map((result) => [
      result.name,
      result.ours,
      result.baseline,
      result.ratio === null ? '-' : `${result.ratio.toFixed(2)}x`,
      goalText(result),
      verdict(result),
    ]),
  ];
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) =>
    row
      .map((cell, i) => cell.padEnd(widths[i]!))
      .join('  ')
      .trimEnd(),
  );
  const notes = results.filter(({ note }) => note).map(({ name, note }) => `${name}: ${note}`);
  return `${[...lines, ...(notes.length > 0 ? ['', ...notes] : [])].join('\n')}\n`;
}
