import type { Latency, LoadResult, LoadSecond } from '../../../src/load/index.ts';
import { latencyText, rateText } from '../words.ts';
import type { Chart, Series } from './chart.ts';
import { timeAxis } from './time-axis.ts';

type Value = (second: LoadSecond) => number | null | undefined;

/** What the ids of the charts of a run begin with, and the run. */
export interface ChartSource {
  prefix: string;
  result: LoadResult;
}

/** The charts over time that there are values for. */
export function timeCharts({ prefix, result }: ChartSource): Chart[] {
  const axis = timeAxis(result);
  const chart = (id: string, parts: Omit<Chart, 'id' | 'axis'>): Chart => ({
    id: `${prefix}-${id}`,
    axis,
    ...parts,
  });
  return [
    chart('end-to-end', latencyChart(result, 'endToEnd', 'Latency end to end')),
    chart('enqueue', latencyChart(result, 'enqueue', 'Latency of enqueueing')),
    chart('rate', rateChart(result)),
    chart('backlog', backlogChart(result)),
    chart('memory', memoryChart(result)),
    chart('cpu', cpuChart(result)),
    chart('held', heldChart(result)),
  ]
    .map((one) => ({
      ...one,
      series: one.series.filter(({ values }) => values.some((value) => value !== null)),
    }))
    .filter(({ series }) => series.length > 0);
}

type Parts = Omit<Chart, 'id' | 'axis'>;

function latencyChart({ seconds, latency }: LoadResult, stage: 'endToEnd' | 'enqueue', title: string): Parts {
  const of = (name: 'p50' | 'p99' | 'max', look: number) =>
    line(name, look, seconds, (second) => second[stage]?.[name]);
  return {
    title: `${title} over time`,
    description: `From the planned time, of what ended in each second; logarithmic. ${wholeText(latency[stage])}`,
    unit: 'ms',
    scale: 'log',
    series: [of('max', 3), of('p99', 2), of('p50', 1)],
  };
}

function wholeText(latency: Latency | null): string {
  if (!latency) return 'After the warm-up nothing ended.';
  const { p50, p99, max } = latency;
  return `Over the whole run p50 was ${latencyText(p50)}, p99 ${latencyText(p99)}, and the longest ${latencyText(max)}.`;
}

function rateChart({ seconds, rates, target }: LoadResult): Parts {
  const groups = Math.max(1, target.groups);
  const wanted = rates.wanted === null ? 'as fast as it goes' : rateText(rates.wanted);
  const rate = (name: string, look: number, value: Value) => line(name, look, seconds, value, 'mean');
  // What is last is drawn above the others: its dashes let them through.
  return {
    title: 'Rate',
    description: `Messages by the second${groups > 1 ? '; processed is the mean of the groups' : ''}. Wanted was ${wanted}, confirmed ${rateText(rates.reached) ?? 'nothing'} in the mean.`,
    unit: 'perSecond',
    scale: 'linear',
    series: [
      rate('confirmed', 1, whileSending('confirmed')),
      ...(target.groups === 0 ? [] : [rate('processed', 6, ({ processed }) => processed / groups)]),
      rate('sent', 5, whileSending('sent')),
      ...(rates.wanted === null ? [] : [rate('wanted', 4, whileSending('wanted'))]),
    ],
  };
}

/** In the drain nothing is sent any more: a line that falls to 0 would tell of a target that does not keep up. */
function whileSending(name: 'wanted' | 'sent' | 'confirmed'): Value {
  return (second) => (second.phase === 'drain' ? null : second[name]);
}

function backlogChart({ seconds, backend }: LoadResult): Parts {
  const most = backend.lag === null ? '' : ` The most that was not delivered was ${backend.lag}.`;
  return {
    title: 'Backlog',
    description: `Lag: not delivered yet; pending: in the hands of consumers; length: all that is there. Logarithmic.${most}`,
    unit: 'count',
    scale: 'counts',
    series: [
      line('lag', 2, seconds, (second) => second.backend?.lag),
      line('pending', 1, seconds, (second) => second.backend?.pending),
      line('length', 4, seconds, (second) => second.backend?.length),
    ],
  };
}

function memoryChart({ seconds }: LoadResult): Parts {
  return {
    title: 'Memory of the server',
    description: 'Used by the server as a whole, and by the queue alone.',
    unit: 'bytes',
    scale: 'linear',
    series: [
      line('server', 1, seconds, (second) => second.backend?.memoryBytes),
      line('queue', 2, seconds, (second) => second.backend?.queueBytes),
    ],
  };
}

function cpuChart({ seconds, environment }: LoadResult): Parts {
  return {
    title: 'CPU',
    description: `In cores, of the server and of the generator. The machine of the generator has ${environment.cores}.`,
    unit: 'cores',
    scale: 'linear',
    series: [
      line('server', 1, seconds, ({ backendCpu }) => backendCpu),
      line('generator', 2, seconds, ({ generatorCpu }) => generatorCpu),
    ],
  };
}

function heldChart({ seconds, generator }: LoadResult): Parts {
  return {
    title: 'Generator held',
    description: `The longest in each second that the event loop of the generator stood still: at most ${latencyText(generator.loopDelayMaxMs)}. What is long here was not the target.`,
    unit: 'ms',
    scale: 'linear',
    series: [line('held', 5, seconds, ({ loopDelayMs }) => loopDelayMs)],
  };
}

function line(
  name: string,
  look: number,
  seconds: readonly LoadSecond[],
  value: Value,
  pick: Series['pick'] = 'most',
): Series {
  return { name, look, pick, values: seconds.map((second) => value(second) ?? null) };
}
