import type { LoadResult } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { code, escaped as escapedMarkup } from '../analyse/format-markdown.ts';
import { grouped } from '../term/number.ts';
import { printable } from '../term/text.ts';
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
} from './facts.ts';
import { ALL_COLUMNS, stagesOf } from './format-stages.ts';
import { FROM_TEXT, latencyText, titleOf, verdictText } from './words.ts';

/** Load runs as a page: for a ticket, a wiki, or the summary of a CI job. The verdict stands first. */
export function formatMarkdown(results: readonly LoadResult[]): string {
  return results.map(formatRun).join('\n');
}

function formatRun(result: LoadResult): string {
  const { reasons, faults, thresholds } = result;
  const parts = [
    `# Load test ${escaped(titleOf(result))}: ${verdictText(result)}`,
    ...(reasons.length > 0 ? [reasons.map((reason) => `- ${escaped(reason)}`).join('\n')] : []),
    list(runFacts(result)),
    `## Latency\n\n${latencies(result)}\n\n${FROM_TEXT.map((text) => `- ${text}`).join('\n')}`,
    `## Messages\n\n${list(countFacts(result))}`,
    `## Backend, at most\n\n${list(backendFacts(result))}`,
    `## Generator\n\n${list(generatorFacts(result))}`,
  ];
  if (faults.length > 0) {
    const rows = faults.map((fault) => [formatDuration(fault.atMs), fault.text, faultText(fault)]);
    parts.push(`## Faults\n\n${table(['at', 'fault', 'what followed'], rows)}`);
  }
  if (thresholds.length > 0) {
    const rows = thresholds.map((one) => [thresholdState(one), one.text, thresholdValues(one)]);
    parts.push(`## Thresholds\n\n${table(['', 'threshold', 'measured'], rows)}`);
  }
  parts.push(`## Environment\n\n${list(environmentFacts(result))}`);
  return `${parts.join('\n\n')}\n`;
}

function latencies(result: LoadResult): string {
  const stages = stagesOf(result);
  if (stages.length === 0) return 'Nothing ended.';
  const rows = stages.map(({ name, from, latency }) => [
    name,
    from,
    grouped(latency.count),
    ...ALL_COLUMNS.map(({ of }) => latencyText(latency[of])),
  ]);
  return table(['latency', 'from', 'count', ...ALL_COLUMNS.map(({ head }) => head.toLowerCase())], rows);
}

function list(facts: readonly Fact[]): string {
  return facts
    .map(
      ([name, text]) =>
        `- ${escaped(name)}: ${text === null ? '-' : name === 'target' ? code(printable(text)) : escaped(text)}`,
    )
    .join('\n');
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(' | ')} |`;
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n');
}

/** A page is looked at in a terminal, too. */
function escaped(text: string): string {
  return escapedMarkup(printable(text));
}
