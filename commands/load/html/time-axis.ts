import type { LoadResult } from '../../../src/load/index.ts';
import type { Axis, Tick } from './chart.ts';

const STEPS = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 14_400, 43_200, 86_400];
const MOST_TICKS = 6;

/** The seconds of a run, with its warm-up and drain as bands and its faults as marks. */
export function timeAxis({ seconds, faults }: Pick<LoadResult, 'seconds' | 'faults'>): Axis {
  const length = seconds.length;
  const step = STEPS.find((one) => length / one <= MOST_TICKS) ?? 86_400;
  const ticks = Array.from({ length: Math.floor(length / step) + 1 }, (_, at) => at * step);
  return {
    name: 'second',
    points: seconds.map(({ second }, at): Tick => ({ at: (at + 0.5) / length, text: timeText(second) })),
    ticks: ticks.map((second) => ({ at: second / length, text: timeText(second) })),
    bands: bandsOf(seconds),
    marks: faults.map(({ atMs }, at) => ({ at: Math.min(1, atMs / 1000 / length), text: `F${at + 1}` })),
  };
}

function bandsOf(seconds: LoadResult['seconds']): Axis['bands'] {
  const first = seconds.findIndex(({ phase }) => phase !== 'warmup');
  const warmup = first < 0 ? seconds.length : first;
  const drain = seconds.findIndex(({ phase }) => phase === 'drain');
  return [
    ...(warmup > 0 ? [{ from: 0, to: warmup / seconds.length, text: 'warm-up' }] : []),
    ...(drain >= 0 ? [{ from: drain / seconds.length, to: 1, text: 'drain' }] : []),
  ];
}

/** `45s`, `2m`, `1m30s`, `1h`, `1h05m20s`. */
export function timeText(second: number): string {
  const [h, m, s] = [Math.floor(second / 3600), Math.floor((second % 3600) / 60), second % 60];
  const text = `${h > 0 ? `${h}h` : ''}${m > 0 ? `${m}m` : ''}${s > 0 ? `${s}s` : ''}`;
  return text || '0s';
}
