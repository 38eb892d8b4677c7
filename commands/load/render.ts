import { type LoadResult, toResults } from '../../src/load/index.ts';
import type { Output } from '../term/io.ts';
import type { Result } from '../term/render.ts';
import { formatJunit } from './format-junit.ts';
import { formatMarkdown } from './format-markdown.ts';
import { formatReport } from './format-report.ts';

/**
 * Load runs in all the ways in which they can be printed. As JSON one run is itself, and several are a results
 * file: both can be read again.
 */
export function render(output: Output, results: readonly LoadResult[], verbose: boolean): Result {
  const [first, second] = results;
  const { type, ...data } = first && !second ? first : toResults(results);
  return {
    type,
    data,
    table: () => formatReport(output, results, verbose),
    markdown: () => formatMarkdown(results),
    junit: () => formatJunit(results),
    html: async () => (await import('./html/page.ts')).formatHtml(results),
  };
}
