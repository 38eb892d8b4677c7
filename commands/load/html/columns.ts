import type { Axis, Series, Tick } from './chart.ts';

/** Several neighbouring values in one. Null: none of them is known. */
export interface Column {
  /** In the order in which they came, so that a line goes up and down as the values did. */
  first: number;
  second: number;
  /** That it is told by. */
  value: number;
}

/** The first and the last value of each of at most so many columns. */
export function columnsOf(length: number, most: number): { from: number; to: number }[] {
  const count = Math.min(length, most);
  return Array.from({ length: count }, (_, at) => ({
    from: Math.floor((at * length) / count),
    to: Math.floor(((at + 1) * length) / count) - 1,
  }));
}

/** A series in columns: the highest value of each, or the mean with the lowest and the highest, so that no dip is lost. */
export function inColumns({ values, pick = 'most' }: Series, most: number): (Column | null)[] {
  return columnsOf(values.length, most).map(({ from, to }) => {
    let [low, high, sum, known] = [-1, -1, 0, 0];
    for (let at = from; at <= to; at += 1) {
      const value = values[at];
      if (value === null || value === undefined) continue;
      if (low < 0 || value < values[low]!) low = at;
      if (high < 0 || value > values[high]!) high = at;
      sum += value;
      known += 1;
    }
    if (known === 0) return null;
    const most = values[high]!;
    if (pick === 'most') return { first: most, second: most, value: most };
    const [first, second] = low < high ? [low, high] : [high, low];
    return { first: values[first]!, second: values[second]!, value: sum / known };
  });
}

/** The places of columns on an axis: `32s`, or `32s to 37s` where one holds several points. */
export function placesOf({ points }: Axis, most: number): Tick[] {
  return columnsOf(points.length, most).map(({ from, to }) => {
    const [first, last] = [points[from]!, points[to]!];
    return {
      at: (first.at + last.at) / 2,
      text: from === to ? first.text : `${first.text} to ${last.text}`,
    };
  });
}
