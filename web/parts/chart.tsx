import { useEffect, useId, useMemo, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import type { Series } from '../../src/overview/index.ts';
import { shortNumber, timeText } from '../lib/format.ts';
import { useStore } from '../lib/store.ts';
import { inForce } from '../lib/theme.ts';
import { ChartNumbers } from './chart-numbers.tsx';
import { chartOptions, type Line, paintOf } from './chart-options.ts';

interface ChartProps {
  title: string;
  series: Series | null;
  lines: readonly Line[];
  write?: (value: number) => string;
}

/** Numbers over time. Pointer and arrow keys go through it; a description and a table say the same in words. */
export function Chart({ title, series, lines, write = shortNumber }: ChartProps) {
  const box = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const [at, setAt] = useState<number | null>(null);
  const look = useStore(inForce);
  const id = useId();
  const data = useMemo(() => dataOf(series, lines), [series, lines]);
  useEffect(() => {
    const element = box.current!;
    const width = (): number => Math.max(120, element.clientWidth);
    plot.current = new uPlot(
      chartOptions({ lines, paint: paintOf(element), width: width(), write, cursorMoved: setAt }),
      data,
      element,
    );
    const resized = new ResizeObserver(() => {
      if (plot.current && plot.current.width !== width())
        plot.current.setSize({ width: width(), height: plot.current.height });
    });
    resized.observe(element);
    return () => {
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, [look, lines, write]);
  useEffect(() => plot.current?.setData(data), [data]);
  const points = series?.at.length ?? 0;
  const shown = at === null ? points - 1 : Math.min(at, points - 1);
  const keyed = (event: KeyboardEvent): void => step(event, plot.current, at ?? points - 1, points);
  return (
    <figure class="chart">
      <figcaption>
        <h2>{title}</h2>
        <Legend series={series} lines={lines} at={shown} write={write} />
      </figcaption>
      <div
        class="plot"
        ref={box}
        role="slider"
        tabIndex={0}
        aria-label={title}
        aria-describedby={id}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuenow={points < 2 || at === null ? 100 : Math.round((shown / (points - 1)) * 100)}
        aria-valuetext={
          at === null ? 'the newest; arrow keys go back in time' : sayPoint(series, lines, shown, write)
        }
        onKeyDown={keyed}
        onBlur={() => plot.current?.setCursor({ left: -10, top: -10 })}
      />
      <p class="hidden" id={id}>
        {describe(series, lines, write)}
      </p>
      {points < 2 && <p class="plot-empty">collecting: a line takes two looks</p>}
      <ChartNumbers series={series} lines={lines} write={write} />
    </figure>
  );
}

interface LegendProps {
  series: Series | null;
  lines: readonly Line[];
  at: number;
  write: (value: number) => string;
}

function Legend({ series, lines, at, write }: LegendProps) {
  return (
    <ul class="legend">
      {lines.map(({ key, name }, line) => (
        <li key={key}>
          <span class={`key line-${line + 1}`} aria-hidden="true" />
          {name} <b>{valueText(series, key, at, write)}</b>
        </li>
      ))}
      <li class="legend-at">{series && at >= 0 ? timeText(new Date(series.at[at]!).toISOString()) : ''}</li>
    </ul>
  );
}

function dataOf(series: Series | null, lines: readonly Line[]): uPlot.AlignedData {
  const at = series?.at.map((ms) => ms / 1000) ?? [];
  const blank = at.map(() => null);
  return [at, ...lines.map(({ key }) => series?.values[key] ?? blank)];
}

function valueText(series: Series | null, key: string, at: number, write: (value: number) => string): string {
  const value = series?.values[key]?.[at];
  return value === null || value === undefined ? '—' : write(value);
}

function sayPoint(
  series: Series | null,
  lines: readonly Line[],
  at: number,
  write: ChartProps['write'] = shortNumber,
) {
  if (!series || at < 0) return 'nothing yet';
  const values = lines.map(({ key, name }) => `${name} ${valueText(series, key, at, write)}`);
  return `${timeText(new Date(series.at[at]!).toISOString())}: ${values.join(', ')}`;
}

function describe(series: Series | null, lines: readonly Line[], write: (value: number) => string): string {
  if (!series || series.at.length < 2) return 'Nothing to draw yet.';
  const [from, to] = [series.at[0]!, series.at.at(-1)!].map((ms) => timeText(new Date(ms).toISOString()));
  const parts = lines.map(({ key, name }) => {
    const known = (series.values[key] ?? []).filter((value) => value !== null);
    if (known.length === 0) return `${name} not known`;
    const [least, most] = known.reduce(
      ([low, high], one) => [Math.min(low, one), Math.max(high, one)],
      [known[0]!, known[0]!],
    );
    return `${name} from ${write(least)} to ${write(most)}, ${write(known.at(-1)!)} at the end`;
  });
  return `${from} to ${to}: ${parts.join('; ')}.`;
}

function step(event: KeyboardEvent, chart: uPlot | null, at: number, points: number): void {
  if (!chart || points === 0) return;
  if (event.key === 'Escape') {
    chart.setCursor({ left: -10, top: -10 });
    return;
  }
  const wide = Math.max(1, Math.round(points / 10));
  const moves: Record<string, number> = {
    ...{ ArrowLeft: at - 1, ArrowRight: at + 1, PageUp: at - wide, PageDown: at + wide },
    ...{ Home: 0, End: points - 1 },
  };
  const to = moves[event.key];
  if (to === undefined) return;
  event.preventDefault();
  const next = Math.min(points - 1, Math.max(0, to));
  chart.setCursor({ left: chart.valToPos(chart.data[0]![next]!, 'x'), top: 10 });
}
