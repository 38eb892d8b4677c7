import type uPlot from 'uplot';
import { formatBytes } from '../lib/format.ts';

/** One line of a chart. */
export interface Line {
  /** Name of the number in the series. */
  key: string;
  name: string;
}

/** What a chart is drawn with, as the style sheet has it for the look in force. */
export interface Paint {
  text: string;
  grid: string;
  lines: string[];
}

/** Lines differ by colour and by how they are drawn: not everybody tells the colours apart. */
const DASHES = [undefined, [6, 4], [2, 3]];

/** How high a chart is, in px: known before it is drawn, so that nothing below it moves. */
export const CHART_HEIGHT = 172;

/** What is drawn, and how. */
interface Drawn {
  lines: readonly Line[];
  paint: Paint;
  width: number;
  /** How a value is written; one that writes bytes has its axis in powers of two. */
  write: (value: number) => string;
  cursorMoved: (at: number | null) => void;
}

/** Options of uPlot. */
export function chartOptions({ lines, paint, width, write, cursorMoved }: Drawn): uPlot.Options {
  const axis = {
    stroke: paint.text,
    font: FONT,
    ticks: { show: false },
    grid: { stroke: paint.grid, width: 1 },
  };
  return {
    width,
    height: CHART_HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { y: false, drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: true }, y: { range: (_chart, _least, most) => [0, most > 0 ? most * 1.08 : 1] } },
    axes: [
      { ...axis, grid: { show: false }, space: 70, size: 26, values: (_chart, at) => at.map(clockText) },
      {
        ...axis,
        ...(write === formatBytes && { incrs: POWERS_OF_TWO }),
        size: 62,
        space: 34,
        values: (_chart, at) => at.map(write),
      },
    ],
    series: [
      {},
      ...lines.map(({ name }, at) => ({
        label: name,
        stroke: paint.lines[at]!,
        width: 1.5,
        dash: DASHES[at],
        fill: lines.length === 1 ? `${withAlpha(paint.lines[at]!)}` : undefined,
        points: { show: false },
        spanGaps: false,
      })),
    ],
    hooks: { setCursor: [(chart) => cursorMoved(chart.cursor.idx ?? null)] },
  };
}

const POWERS_OF_TWO = Array.from({ length: 48 }, (_, power) => 2 ** power);

const FONT = '11px system-ui, sans-serif';

function clockText(seconds: number): string {
  const at = new Date(seconds * 1000);
  const two = (n: number): string => String(n).padStart(2, '0');
  const minutes = `${two(at.getHours())}:${two(at.getMinutes())}`;
  return at.getSeconds() === 0 ? minutes : `${minutes}:${two(at.getSeconds())}`;
}

/** A computed colour, almost transparent. */
function withAlpha(colour: string): string {
  return colour.replace(/^rgb\((.*)\)$/, 'rgba($1, 0.10)');
}

/** Reads the colours out of the style sheet, whatever they are made of there. */
export function paintOf(element: HTMLElement): Paint {
  const probe = document.createElement('span');
  element.append(probe);
  const resolve = (name: string): string => {
    probe.style.color = `var(${name})`;
    return getComputedStyle(probe).color;
  };
  const paint = {
    text: resolve('--dim'),
    grid: resolve('--edge'),
    lines: ['--line-1', '--line-2', '--line-3'].map(resolve),
  };
  probe.remove();
  return paint;
}
