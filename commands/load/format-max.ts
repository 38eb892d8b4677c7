import type { FindMaxOptions, LoadMax, LoadPlan, ProbeReport } from '../../src/load/index.ts';
import { forecastSearch } from '../../src/load/index.ts';
import { formatExactDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { grouped } from '../term/number.ts';
import type { Result } from '../term/render.ts';
import { type Column, formatFields, formatTable } from '../term/table.ts';
import { printable, wrapLines } from '../term/text.ts';
import { forecastText, foundText, rateText, timeText } from './max-words.ts';

/** From this width there is room for the median, and for why a rate is not good. */
const WITH_P50 = 70;

/** What a search has found, in all the ways in which it can be printed. */
export function renderMax(output: Output, found: LoadMax): Result {
  return { type: 'load-max', data: found, table: () => formatMax(output, found) };
}

/** What a search would do. */
export function renderSearch(output: Output, target: LoadPlan['target'], search: FindMaxOptions): Result {
  const { slo, startRate, maxRate, stepMs, holdMs, precision } = search;
  const data = {
    ...{ target, slo: slo.text, startRate, maxRate, stepMs, holdMs, precision },
    ...forecastSearch(search),
  };
  const table = () =>
    formatFields(output, [
      ['target', `${target.kind} ${target.label}${target.version ? ` (${target.version})` : ''}`],
      [target.own ? 'makes' : 'uses', `${target.name}${target.own ? ', anew for each run' : ''}`],
      ['objective', slo.text],
      [
        'rates',
        `from ${rateText(startRate)} up to ${rateText(maxRate)}, ${Number((precision * 100).toPrecision(3))} % apart in the end`,
      ],
      ['each', `${formatExactDuration(stepMs)}; what was found ${formatExactDuration(holdMs)}`],
      ['takes', `${forecastText(search)}, and what consumers need at the end of each run`],
    ]);
  return { type: 'load-max-plan', data, table };
}

function formatMax(output: Output, found: LoadMax): string {
  const { probes, reasons, verdict, target, slo } = found;
  const head = formatFields(output, [
    ['target', target && `${target.kind} ${target.label}${target.version ? ` (${target.version})` : ''}`],
    ['objective', slo],
  ]);
  const rows = probes.length > 0 ? `${formatTable(output, columnsFor(output), probes)}\n` : '';
  const colour = colourOf(output);
  const paint = verdict === 'found' ? colour.green : colour.red;
  const notes = verdict === 'found' ? reasons.map((reason) => `note: ${printable(reason)}\n`).join('') : '';
  return `${head}\n${rows}${wrapLines(`${notes}${paint(printable(foundText(found)))}\n`, output.columns)}`;
}

function columnsFor(output: Output): Column<ProbeReport>[] {
  const wide = output.columns >= WITH_P50;
  return [
    { head: 'RATE', value: ({ rate }) => rateText(rate), align: 'right' },
    { head: 'FOR', value: ({ durationMs }) => formatExactDuration(durationMs), align: 'right' },
    {
      head: 'REACHED',
      value: ({ reached }) => (reached === null ? null : rateText(reached)),
      align: 'right',
    },
    ...(wide
      ? [{ head: 'P50', value: ({ p50 }: ProbeReport) => timeText(p50), align: 'right' as const }]
      : []),
    { head: 'P99', value: ({ p99 }) => timeText(p99), align: 'right' },
    { head: 'LAG', value: ({ lag }) => (lag === null ? null : grouped(lag)), align: 'right' },
    { head: 'GOOD', value: ({ ok }) => (ok ? 'yes' : 'no') },
    { head: 'WHY-NOT', value: ({ why }) => why.join(', '), wrap: true },
  ];
}
