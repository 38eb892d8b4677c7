import { useState } from 'preact/hooks';
import type { Series } from '../../src/overview/index.ts';
import { timeText } from '../lib/format.ts';
import type { Line } from './chart-options.ts';

interface ChartNumbersProps {
  series: Series | null;
  lines: readonly Line[];
  write: (value: number) => string;
}

const MOST_ROWS = 30;

/** The numbers of a chart as a table; made only when somebody opens it. */
export function ChartNumbers({ series, lines, write }: ChartNumbersProps) {
  const [open, setOpen] = useState(false);
  return (
    <details class="numbers" onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Numbers</summary>
      {open && series && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls has to be reachable by keyboard
        <section class="scroll" aria-label="Numbers of the chart" tabIndex={0}>
          <table>
            <thead>
              <tr>
                <th scope="col">time</th>
                {lines.map(({ key, name }) => (
                  <th key={key} scope="col" class="num">
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {chosen(series.at.length).map((at) => (
                <tr key={series.at[at]}>
                  <th scope="row">{timeText(new Date(series.at[at]!).toISOString())}</th>
                  {lines.map(({ key }) => (
                    <td key={key} class="num">
                      {cell(series.values[key]?.[at], write)}
                    </td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      )}
    </details>
  );
}

function cell(value: number | null | undefined, write: (value: number) => string): string {
  return value === null || value === undefined ? '—' : write(value);
}

/** Evenly chosen, the newest first. */
function chosen(points: number): number[] {
  const step = Math.max(1, Math.ceil(points / MOST_ROWS));
  return Array.from({ length: Math.ceil(points / step) }, (_, at) => points - 1 - at * step);
}
