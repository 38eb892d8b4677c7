import type { LaneRecord } from './source.ts';

/** Keyset values; null before the first row. */
export type Keyset = string[] | null;

/** Some partitions, and the row that they have reached. */
export interface Stage {
  at: Keyset;
  partitions: number[];
}

/** What partitions that have fallen behind lack of the next ones. */
export interface Way {
  to: Keyset;
  partitions: number[];
}

/** A lane's partitions by the position in their records; in no order, which only the server can tell. */
export function stagesOf(records: LaneRecord[]): Stage[] {
  const stages = new Map<string, Stage>();
  for (const { note, partition } of records) {
    const at: Keyset = note ? JSON.parse(note).to : null;
    const name = JSON.stringify(at);
    const stage = stages.get(name) ?? { at, partitions: [] };
    stage.partitions.push(partition);
    stages.set(name, stage);
  }
  return [...stages.values()];
}

/** The ways that lead from stage to stage; whoever has arrived at one goes the next together with those there. */
export function waysBetween(stages: Stage[]): Way[] {
  const behind: number[] = [];
  return stages.slice(1).map(({ at }, i) => {
    behind.push(...stages[i]!.partitions);
    return { to: at, partitions: [...behind] };
  });
}

/** Stages in the order of their positions; `order` is asked for it, given several positions. */
export async function inOrder(
  stages: Stage[],
  order: (positions: string[][]) => Promise<number[]>,
): Promise<Stage[]> {
  const first = stages.filter(({ at }) => at === null);
  const rest = stages.filter(({ at }) => at !== null);
  if (rest.length < 2) return [...first, ...rest];
  const ranks = await order(rest.map(({ at }) => at!));
  return [...first, ...ranks.map((rank) => rest[rank]!)];
}
