import type { Chart } from './chart.ts';
import { inColumns, placesOf } from './columns.ts';
import { escaped } from './escape.ts';
import { valueText } from './units.ts';

/** An hour by the second is more than anybody reads: each row then stands for several. */
const MOST_ROWS = 120;

/** The numbers behind a chart. */
export function numbersTable({ title, axis, series, unit }: Chart): string {
  const columns = series.map((one) => inColumns(one, MOST_ROWS));
  const rows = placesOf(axis, MOST_ROWS).map(({ text }, at) => [
    text,
    ...columns.map((column) => valueText(unit, column[at]?.value ?? null)),
  ]);
  return tableHtml({
    label: `Numbers of ${title}`,
    heads: [axis.name, ...series.map(({ name }) => name)],
    rows,
  });
}

/** A table of texts; the first column names the row, and the others are numbers unless it is said that they are texts. */
export interface TableParts {
  /** For who cannot see it. */
  label: string;
  heads: readonly string[];
  rows: readonly (readonly string[])[];
  texts?: boolean;
}

/** A table that scrolls by itself where the page is too narrow. */
export function tableHtml({ label, heads, rows, texts = false }: TableParts): string {
  const head = heads.map((text) => `<th scope="col">${escaped(text)}</th>`).join('');
  const body = rows.map(
    ([first = '', ...cells]) =>
      `<tr><th scope="row">${escaped(first)}</th>${cells.map((cell) => `<td>${escaped(cell)}</td>`).join('')}</tr>`,
  );
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(label)}"><table${texts ? ' class="texts"' : ''}><thead><tr>${head}</tr></thead><tbody>
${body.join('\n')}
</tbody></table></div>`;
}
