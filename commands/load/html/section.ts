import type { LoadResult } from '../../../src/load/index.ts';
import { formatDuration } from '../../../src/model/duration.ts';
import { grouped } from '../../term/number.ts';
import {
  backendFacts,
  countFacts,
  environmentFacts,
  type Fact,
  faultText,
  generatorFacts,
  runFacts,
  thresholdState,
  thresholdValues,
} from '../facts.ts';
import { ALL_COLUMNS, stagesOf } from '../format-stages.ts';
import { FROM_TEXT, latencyText, rateText, titleOf, verdictText } from '../words.ts';
import { timeCharts } from './charts.ts';
import { escaped } from './escape.ts';
import { tableHtml } from './numbers.ts';
import { percentileChart } from './percentile-chart.ts';
import { chartHtml } from './svg.ts';

/** One run: its verdict first, then numbers, charts, and what it was measured with. `prefix` is unique in the page. */
export async function sectionHtml(result: LoadResult, prefix: string): Promise<string> {
  const { verdict, reasons } = result;
  const percentiles = await percentileChart({ prefix, result });
  const charts = [...(percentiles ? [percentiles] : []), ...timeCharts({ prefix, result })];
  return `<section class="run" id="${prefix}" aria-labelledby="${prefix}-name">
<h2 id="${prefix}-name">${escaped(titleOf(result))}</h2>
<p class="verdict ${verdict}">${escaped(verdictText(result))}</p>
${reasons.length > 0 ? `<ul class="reasons">${reasons.map((reason) => `<li>${escaped(reason)}</li>`).join('')}</ul>` : ''}
${keyNumbers(result)}
${thresholds(result)}
${facts('Run', runFacts(result))}
${latencies(result)}
${faults(result)}
<h3>Charts</h3>
<p class="note">Point at a chart, or go through it with the arrow keys. A gap means that nothing ended, or that nothing is known.</p>
<div class="charts">
${charts.map(chartHtml).join('')}</div>
<div class="columns">
${[
  facts('Messages', countFacts(result)),
  facts('Backend, at most', backendFacts(result)),
  facts('Generator', generatorFacts(result)),
  facts('Environment', environmentFacts(result)),
].join('\n')}
</div>
</section>
`;
}

/** What is asked for first. */
function keyNumbers({ rates, latency, counts, target }: LoadResult): string {
  const whole = latency.endToEnd ?? latency.enqueue;
  const of = latency.endToEnd ? 'end to end' : 'enqueue';
  const numbers: Fact[] = [
    ['confirmed', rateText(rates.reached)],
    [`p50 ${of}`, latencyText(whole?.p50 ?? null)],
    [`p99 ${of}`, latencyText(whole?.p99 ?? null)],
    [`max ${of}`, latencyText(whole?.max ?? null)],
    ...(target.groups === 0
      ? []
      : [
          ['lost', counts.lost === null ? null : grouped(counts.lost)] as const,
          ['doubled', grouped(counts.doubled)] as const,
        ]),
  ];
  const items = numbers.map(
    ([name, text]) => `<div><dt>${escaped(name)}</dt><dd>${escaped(text ?? '-')}</dd></div>`,
  );
  return `<dl class="keys">${items.join('')}</dl>`;
}

function facts(title: string, all: readonly Fact[]): string {
  const items = all.map(([name, text]) => `<dt>${escaped(name)}</dt><dd>${escaped(text ?? '-')}</dd>`);
  return `<div><h3>${escaped(title)}</h3>\n<dl class="facts">${items.join('\n')}</dl></div>`;
}

function latencies(result: LoadResult): string {
  const stages = stagesOf(result);
  if (stages.length === 0) return '<h3>Latency</h3>\n<p>Nothing ended.</p>';
  const rows = stages.map(({ name, from, latency }) => [
    `${name}, from ${from}`,
    grouped(latency.count),
    ...ALL_COLUMNS.map(({ of }) => latencyText(latency[of])),
  ]);
  const heads = ['', 'count', ...ALL_COLUMNS.map(({ head }) => head.toLowerCase())];
  const notes = FROM_TEXT.map((text) => `<p class="note">${escaped(text)}</p>`);
  return `<h3>Latency</h3>\n${tableHtml({ label: 'Latency', heads, rows })}\n${notes.join('\n')}`;
}

function faults({ faults: all }: LoadResult): string {
  if (all.length === 0) return '';
  const rows = all.map((fault, at) => [
    `F${at + 1}`,
    formatDuration(fault.atMs),
    fault.text,
    faultText(fault),
  ]);
  const heads = ['', 'at', 'fault', 'what followed'];
  return `<h3>Faults</h3>\n${tableHtml({ label: 'Faults', heads, rows, texts: true })}`;
}

function thresholds({ thresholds: all }: LoadResult): string {
  if (all.length === 0) return '';
  const rows = all.map((one) => [thresholdState(one), one.text, thresholdValues(one)]);
  const heads = ['', 'threshold', 'measured'];
  return `<h3>Thresholds</h3>\n${tableHtml({ label: 'Thresholds', heads, rows, texts: true })}`;
}
