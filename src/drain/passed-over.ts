import type { Depth, Unevaluated } from '../sources/source.ts';
import type { PassedOver, PassedOverCounts } from '../sources/sqs/index.ts';

/** What stays in the source because it is not wanted. */
export interface LeftInSource {
  counts: PassedOverCounts;
  /** Of these, those of which the selection can say nothing; null where there are none. */
  unevaluated: Unevaluated | null;
  /** Of these, those that come back only when their invisibility ends. */
  late: number;
  /** Of these, those of which the next receive makes dead letters. */
  spent: number;
  /** Whether so many stay that SQS lets no more be kept invisible. */
  full: boolean;
}

const WORDS: Record<keyof PassedOverCounts, string> = {
  filter: 'left in the queue by --filter',
  types: 'left in the queue by --types',
  unevaluated: 'left in the queue, not evaluated',
  later: 'left in the queue, enqueued later',
  behind: 'left in the queue behind these in their FIFO group',
};

/** Puts it together at the end of a run. `behind`: messages that SQS has not handed out. */
export function leftInSource(
  passedOver: PassedOver | undefined,
  behind: number,
  late: number,
): LeftInSource | null {
  if (!passedOver) return null;
  const counts = { ...passedOver.counts };
  counts.behind += behind;
  const { unevaluated, spent, full } = passedOver;
  return { counts, unevaluated, late, spent, full };
}

/** All of it. */
export function leftCount({ counts }: LeftInSource): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

/** How much of the source is still to be drained: without what stays, wherever SQS counts it right now. */
export function withoutLeft(depth: Depth, left: LeftInSource | null): Depth {
  if (!left) return depth;
  let open = leftCount(left);
  const without = (count: number | null): number | null => {
    if (count === null) return null;
    const taken = Math.min(open, count);
    open -= taken;
    return count - taken;
  };
  return { ...depth, ready: without(depth.ready), inFlight: without(depth.inFlight) };
}

/** What a report says of it. */
export function leftNotes({ counts, late, spent }: LeftInSource): string[] {
  const said = (Object.keys(WORDS) as (keyof PassedOverCounts)[])
    .filter((why) => counts[why] > 0 && why !== 'unevaluated')
    .map((why) => `${WORDS[why]}: ${counts[why]}`);
  if (late > 0)
    said.push(`${late} of them could not be made visible again and come back when their time is over`);
  if (spent > 0)
    said.push(
      `${spent} of them have been received as often as maxReceiveCount allows: the next receive makes dead letters of them`,
    );
  return said;
}
