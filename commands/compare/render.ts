import type { Comparison } from '../../src/compare/index.ts';
import type { Output } from '../term/io.ts';
import type { Result } from '../term/render.ts';
import { formatJunit } from './format-junit.ts';
import { formatMarkdown } from './format-markdown.ts';
import { formatReport } from './format-report.ts';

/** A comparison in all the ways in which it can be printed. */
export function render(output: Output, comparison: Comparison, dedupe: boolean): Result {
  return {
    type: 'comparison',
    data: comparison,
    table: () => formatReport(output, comparison, dedupe),
    markdown: () => formatMarkdown(comparison, dedupe),
    junit: () => formatJunit(comparison),
  };
}
