import { createHash } from 'node:crypto';
import type { LoadResult } from '../../../src/load/index.ts';
import { latencyText, rateText, titleOf } from '../words.ts';
import { escaped } from './escape.ts';
import { SCRIPT } from './script.ts';
import { sectionHtml } from './section.ts';
import { STYLE } from './style.ts';

/** Nothing is loaded from anywhere, and of scripts and styles only those of the page itself count. */
const POLICY = [
  "default-src 'none'",
  `script-src ${hashOf(SCRIPT)}`,
  `style-src ${hashOf(STYLE)}`,
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
].join('; ');

/**
 * Load runs as one HTML page that needs nothing else: charts, tables, light and dark.
 *
 * @throws QctlError `config` LOAD_RESULTS_INVALID where a histogram is damaged
 */
export async function formatHtml(results: readonly LoadResult[]): Promise<string> {
  const sections = await Promise.all(results.map((result, at) => sectionHtml(result, `run${at + 1}`)));
  const title = results.length === 1 ? `Load test ${titleOf(results[0]!)}` : `${results.length} load tests`;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="generator" content="qctl">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escaped(title)}</title>
<style>${STYLE}</style>
</head>
<body>
<header><h1>${results.length === 1 ? 'Load test' : escaped(title)}</h1>${results.length === 1 ? '' : overview(results)}</header>
<main${results.length === 1 ? ' class="alone"' : ''}>
${sections.join('\n')}</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
}

function hashOf(text: string): string {
  return `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
}

/** All runs side by side, as a way to each of them. */
function overview(results: readonly LoadResult[]): string {
  const rows = results.map((result, at) => {
    const { verdict, rates, latency } = result;
    const whole = latency.endToEnd ?? latency.enqueue;
    const cells = [
      rateText(rates.reached),
      ...(['p50', 'p99', 'max'] as const).map((name) => latencyText(whole?.[name] ?? null)),
    ];
    const numbers = cells.map((text) => `<td>${escaped(text ?? '-')}</td>`).join('');
    return `<tr><th scope="row"><a href="#run${at + 1}">${escaped(titleOf(result))}</a></th><td class="${verdict}">${verdict}</td>${numbers}</tr>`;
  });
  const heads = ['run', 'verdict', 'confirmed', 'p50', 'p99', 'max'];
  const head = heads.map((text) => `<th scope="col">${text}</th>`).join('');
  return `<nav class="scroll" tabindex="0" aria-label="Runs"><table><thead><tr>${head}</tr></thead><tbody>${rows.join('\n')}</tbody></table></nav>`;
}
