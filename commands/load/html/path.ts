import type { Tick } from './chart.ts';
import type { Column } from './columns.ts';

/** The inner size of a drawing; it is stretched to the room that there is. */
export const WIDTH = 1000;
export const HEIGHT = 200;

/** A line through the columns, interrupted where there is none. One alone is a dot: a line of no length with round ends. */
export function pathOf(
  columns: readonly (Column | null)[],
  places: readonly Tick[],
  place: (value: number) => number,
): string {
  const y = (value: number) => rounded(HEIGHT * (1 - place(value)));
  let path = '';
  let open = false;
  columns.forEach((column, at) => {
    if (!column) {
      open = false;
      return;
    }
    const x = rounded(WIDTH * places[at]!.at);
    const alone = !open && !columns[at + 1];
    path += `${open ? 'L' : 'M'}${x} ${y(column.first)}`;
    if (column.second !== column.first) path += `V${y(column.second)}`;
    else if (alone) path += 'h0';
    open = true;
  });
  return path;
}

function rounded(value: number): number {
  return Math.round(value * 10) / 10;
}
