import type { Analysis, Changes } from '../../src/analyse/index.ts';
import type { Output } from '../term/io.ts';
import type { Result } from '../term/render.ts';
import { formatJunit } from './format-junit.ts';
import { formatMarkdown } from './format-markdown.ts';
import { formatReport } from './format-report.ts';
import type { AnalyseFlags } from './options.ts';

/** An analysis in all the ways in which it can be printed. */
export function render(
  output: Output,
  {
    analysis,
    changes,
    flags,
    verbose,
  }: { analysis: Analysis; changes?: Changes; flags: AnalyseFlags; verbose: boolean },
): Result {
  const shown = { analysis, changes, byType: flags.by === 'type', verbose };
  return {
    type: 'analysis',
    data: { ...analysis, ...(changes && { changes }) },
    table: () => formatReport(output, shown),
    markdown: () => formatMarkdown(shown),
    junit: () => formatJunit(analysis, flags.strict === true),
  };
}
