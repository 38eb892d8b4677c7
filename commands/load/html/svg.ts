import type { Axis, Chart, Series } from './chart.ts';
import { inColumns, placesOf } from './columns.ts';
import { escaped } from './escape.ts';
import { numbersTable } from './numbers.ts';
import { HEIGHT, pathOf, WIDTH } from './path.ts';
import { type Scale, scaleOf } from './scale.ts';
import { tickText, valueText } from './units.ts';

/** About as many as there are pixels, less than a screen has. */
const MOST_COLUMNS = 500;
/** Of two labels of faults, as a part of the width. */
const LEAST_BETWEEN = 0.06;

/** A chart with its title, description, legend and numbers. */
export function chartHtml(chart: Chart): string {
  const { id, title, description, axis, series, scale, unit } = chart;
  const scaled = scaleOf(
    scale,
    unit,
    series.flatMap(({ values }) => values),
  );
  return `<figure class="chart">
<figcaption><h4 id="${id}-title">${escaped(title)}</h4><p id="${id}-text">${escaped(description)}</p></figcaption>
<ul class="legend">${series.map(legendItem).join('')}${legendOfAxis(axis)}</ul>
<div class="frame">
<svg class="ys" aria-hidden="true">${scaled.ticks.map((tick) => yLabel(scaled.place(tick), tickText(unit, tick))).join('')}</svg>
<div class="plot">
<svg class="strip" aria-hidden="true">${stripLabels(axis)}</svg>
${drawing(chart, scaled)}
<svg class="xs" aria-hidden="true">${axis.ticks.map(({ at, text }) => xLabel(at, text)).join('')}</svg>
</div>
</div>
<details><summary>Numbers of ${escaped(title)}</summary>${numbersTable(chart)}</details>
</figure>
`;
}

function legendItem({ name, look }: Series): string {
  return `<li data-series><svg class="key" aria-hidden="true"><path class="s${look}" d="M1 6H27"/></svg>${escaped(name)}</li>`;
}

/** What is drawn besides the lines. */
function legendOfAxis({ bands, marks }: Axis): string {
  const shaded = bands.map(({ text }) => text).join(' and ');
  return [
    shaded === '' ? '' : `<li><span class="swatch"></span>${escaped(shaded)}</li>`,
    marks.length === 0
      ? ''
      : '<li><svg class="key" aria-hidden="true"><path class="mark" d="M14 0V12"/></svg>fault</li>',
  ].join('');
}

function drawing({ id, axis, series, unit }: Chart, { place, ticks }: Scale): string {
  const places = placesOf(axis, MOST_COLUMNS);
  const columns = series.map((one) => inColumns(one, MOST_COLUMNS));
  const grid = ticks.map((tick) => {
    const y = HEIGHT * (1 - place(tick));
    return `<path class="grid" d="M0 ${y.toFixed(1)}H${WIDTH}"/>`;
  });
  const bands = axis.bands.map(
    ({ from, to }) =>
      `<rect class="band" x="${(from * WIDTH).toFixed(1)}" width="${((to - from) * WIDTH).toFixed(1)}" y="0" height="${HEIGHT}"/>`,
  );
  const marks = axis.marks.map(
    ({ at }) => `<path class="mark" d="M${(at * WIDTH).toFixed(1)} 0V${HEIGHT}"/>`,
  );
  const lines = series.map(
    ({ look }, at) => `<path class="line s${look}" d="${pathOf(columns[at]!, places, place)}"/>`,
  );
  const rows = places.map(({ text }, at) =>
    [text, ...columns.map((column) => valueText(unit, column[at]?.value ?? null))].join('|'),
  );
  const xs = places.map(({ at }) => Math.round(at * WIDTH));
  return `<svg class="lines" viewBox="0 0 ${WIDTH} ${HEIGHT}" preserveAspectRatio="none" role="img" aria-labelledby="${id}-title" aria-describedby="${id}-text" data-x="${xs.join(' ')}" data-rows="${escaped(rows.join(';'))}">
${bands.join('')}${grid.join('')}${marks.join('')}${lines.join('\n')}
</svg>`;
}

function yLabel(place: number, text: string): string {
  // Half a line in from the edges, as the drawing is.
  return `<text x="100%" y="${(100 * (1 - place)).toFixed(1)}%" dy=".35em" text-anchor="end">${escaped(text)}</text>`;
}

function xLabel(at: number, text: string, kind = 'time'): string {
  return `<text class="${kind}" x="${(100 * at).toFixed(1)}%" y="14" text-anchor="${anchorAt(at)}">${escaped(text)}</text>`;
}

/** So that nothing reaches beyond the drawing. */
function anchorAt(at: number): 'start' | 'middle' | 'end' {
  return at < 0.06 ? 'start' : at > 0.94 ? 'end' : 'middle';
}

/** Those of faults, as far as they do not stand on each other. */
function stripLabels({ marks }: Axis): string {
  let end = -1;
  return marks
    .map(({ at, text }) => {
      if (at - end < LEAST_BETWEEN) return '';
      end = at;
      return xLabel(at, text, 'fault');
    })
    .join('');
}
