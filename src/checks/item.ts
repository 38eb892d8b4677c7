import { type Bounds, judge, type Thresholds, type Verdict } from './judge.ts';
import { type Status, worstStatus } from './status.ts';

/** One number of what is checked, such as the lag of a group, and what it may be. */
export interface Reading<M extends string = string> extends Bounds {
  metric: M;
  /** Null where it is not known: never 0 for unknown. */
  value: number | null;
  /** Why it is not known, or how it came about; null where there is nothing to say. */
  note: string | null;
  thresholds: Thresholds;
}

/** Something that no number says: a server that is a replica, a stream that is not there. */
export interface Finding {
  /** UPPER_SNAKE, for scripts: `STREAM_MISSING`. */
  code: string;
  status: Status;
  /** Lower-case clause. */
  text: string;
}

/** One thing that is checked: a group of a stream, a queue, a server. */
export interface Item<M extends string = string> {
  /** `orders/workers`. */
  name: string;
  /** What tells it from others: `{ stream: 'orders', group: 'workers' }`. */
  labels: Record<string, string>;
  readings: readonly Reading<M>[];
  findings: readonly Finding[];
}

/** An item with the status of each reading and of the whole. */
export interface JudgedItem<M extends string = string> extends Item<M> {
  status: Status;
  readings: readonly (Reading<M> & Verdict)[];
}

/** A reading whose value is known. */
export function known<M extends string>(metric: M, value: number, thresholds: Thresholds = {}): Reading<M> {
  return { metric, value, atLeast: value, atMost: value, note: null, thresholds };
}

/** A reading of which only the bounds are known, and why. */
export function between<M extends string>(
  metric: M,
  { atLeast, atMost }: Bounds,
  note: string,
  thresholds: Thresholds = {},
): Reading<M> {
  return { metric, value: null, atLeast, atMost, note, thresholds };
}

/**
 * Judges each reading. Of an item that has none and no finding the status is UNKNOWN. Where nothing has
 * thresholds, as where others judge the numbers, the first reading must be known at least.
 */
export function judgeItem<M extends string>(item: Item<M>): JudgedItem<M> {
  const judged = item.readings.some(({ thresholds }) => thresholds.warning ?? thresholds.critical);
  const readings = item.readings.map((reading, at) => {
    const lacking = !judged && at === 0 && reading.value === null;
    const verdict = lacking ? NOT_KNOWN : judge(reading, reading.thresholds);
    return { ...reading, ...verdict };
  });
  return {
    ...item,
    readings,
    status: worstStatus([...readings, ...item.findings].map(({ status }) => status)),
  };
}

const NOT_KNOWN: Verdict = { status: 'unknown', breached: null };
