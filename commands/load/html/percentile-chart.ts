import { curvePercentiles, decodeHistogram, type Stage } from '../../../src/load/index.ts';
import { latencyText } from '../words.ts';
import type { Axis, Chart, Tick } from './chart.ts';
import type { ChartSource } from './charts.ts';

const CURVES: readonly { stage: Stage; name: string; look: number }[] = [
  { stage: 'endToEnd', name: 'end to end, from planned', look: 2 },
  { stage: 'endToEndSent', name: 'end to end, from sent', look: 6 },
  { stage: 'enqueue', name: 'enqueue, from planned', look: 1 },
  { stage: 'enqueueSent', name: 'enqueue, from sent', look: 7 },
];

/**
 * How long so many percent took at most, counted in both ways; null where nothing ended.
 *
 * @throws QctlError `config` LOAD_RESULTS_INVALID where a histogram is damaged
 */
export async function percentileChart({ prefix, result }: ChartSource): Promise<Chart | null> {
  const present = CURVES.flatMap((curve) => {
    const latency = result.latency[curve.stage];
    return latency ? [{ ...curve, latency }] : [];
  });
  const count = present.reduce((most, { latency }) => Math.max(most, latency.count), 0);
  if (count === 0) return null;
  const percentiles = curvePercentiles(count);
  const series = await Promise.all(
    present.map(async ({ name, look, latency }) => {
      const histogram = await decodeHistogram(latency.histogram);
      return { name, look, values: percentiles.map((percentile) => histogram.valueAt(percentile)) };
    }),
  );
  return {
    id: `${prefix}-percentiles`,
    title: 'Percentiles',
    description: `So many percent took at most so long; both axes logarithmic. Where the two ways of counting part, messages waited before they were sent. ${farthest(result.latency)}`,
    unit: 'ms',
    scale: 'log',
    axis: percentileAxis(percentiles),
    series,
  };
}

function farthest({
  endToEnd,
  endToEndSent,
  enqueue,
  enqueueSent,
}: ChartSource['result']['latency']): string {
  const [planned, sent] = endToEnd ? [endToEnd, endToEndSent] : [enqueue, enqueueSent];
  if (!planned || !sent) return '';
  return `At p99 it is ${latencyText(planned.p99)} from planned, and ${latencyText(sent.p99)} from sent.`;
}

function percentileAxis(percentiles: readonly number[]): Axis {
  const last = percentiles.length - 1;
  const points = percentiles.map(
    (percentile, at): Tick => ({ at: last === 0 ? 0 : at / last, text: text(percentile) }),
  );
  const nines = -Math.log10(1 - percentiles[last]! / 100);
  const ticks = [0, 90, 99, 99.9, 99.99, 99.999, 99.9999, 99.999_99]
    .map((percentile): Tick => ({ at: -Math.log10(1 - percentile / 100) / nines, text: `${percentile}%` }))
    .filter(({ at }) => at <= 1.0001);
  return { name: 'percentile', points, ticks, bands: [], marks: [] };
}

/** With one digit more than the nines: `97.8%`, `99.95%`. */
function text(percentile: number): string {
  const digits = percentile === 0 ? 0 : Math.max(1, Math.ceil(-Math.log10(1 - percentile / 100)));
  return `${Number(percentile.toFixed(digits))}%`;
}
