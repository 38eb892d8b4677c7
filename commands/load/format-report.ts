import type { LoadResult, LoadVerdict } from '../../src/load/index.ts';
import { formatDuration } from '../../src/model/duration.ts';
import { colourOf } from '../term/colour.ts';
import type { Output } from '../term/io.ts';
import { formatFields, formatTable } from '../term/table.ts';
import { printable, wrapLines } from '../term/text.ts';
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
import { formatStages, stagesOf } from './format-stages.ts';
import { formatOverTime } from './over-time.ts';
import { FROM_TEXT, titleOf, verdictText } from './words.ts';

const PAINT = { passed: 'green', failed: 'red', invalid: 'red', stopped: 'yellow' } as const;

/**
 * Load runs as a person reads them: each with its target, latencies, course, counts, thresholds, and its verdict
 * last; several with all verdicts at the end.
 *
 * @param verbose with the environment and the workload
 */
export function formatReport(output: Output, results: readonly LoadResult[], verbose: boolean): string {
  if (results.length === 0) return 'no run was measured\n';
  const runs = results.map((result) => formatRun(output, result, verbose));
  return results.length === 1 ? runs[0]! : [...runs, formatVerdicts(output, results)].join('\n');
}

function formatRun(output: Output, result: LoadResult, verbose: boolean): string {
  const { faults, thresholds } = result;
  const course = formatOverTime(output, result);
  const stages = stagesOf(result).length > 0;
  const facts = (title: string, all: readonly Fact[]) => section(output, title, formatFields(output, all));
  return [
    formatFields(output, runFacts(result)),
    ...(stages
      ? [`${formatStages(output, result)}${wrapLines(fromText(), output.columns)}`]
      : ['no latency: nothing ended\n']),
    ...(course === '' ? [] : [section(output, 'Over time', wrapLines(course, output.columns))]),
    facts('Messages', countFacts(result)),
    facts('Backend, at most', backendFacts(result)),
    facts('Generator', generatorFacts(result)),
    ...(verbose ? [facts('Environment', environmentFacts(result))] : []),
    ...(faults.length > 0 ? [section(output, 'Faults', formatFaults(output, result))] : []),
    ...(thresholds.length > 0
      ? [section(output, 'Thresholds', wrapLines(thresholdLines(result), output.columns))]
      : []),
    formatVerdict(output, result),
  ].join('\n');
}

function fromText(): string {
  return FROM_TEXT.map((line) => `${line}\n`).join('');
}

function formatFaults(output: Output, { faults }: LoadResult): string {
  return formatTable(
    output,
    [
      { head: 'AT', value: ({ atMs }) => formatDuration(atMs), align: 'right' },
      { head: 'FAULT', value: ({ text }) => text, wrap: true },
      { head: 'WHAT-FOLLOWED', value: faultText, wrap: true },
    ],
    faults,
  );
}

function thresholdLines({ thresholds }: LoadResult): string {
  return thresholds
    .map((threshold) => {
      const values = thresholdValues(threshold);
      return `${thresholdState(threshold).padEnd(7)} ${printable(threshold.text)}${values && `: ${printable(values)}`}\n`;
    })
    .join('');
}

function formatVerdict(output: Output, result: LoadResult): string {
  const { verdict, reasons } = result;
  const head = `${paint(output, verdict, wrapLines(verdictText(result), output.columns))}\n`;
  return `${head}${wrapLines(reasons.map((reason) => `  ${printable(reason)}\n`).join(''), output.columns)}`;
}

function formatVerdicts(output: Output, results: readonly LoadResult[]): string {
  const verdicts = [...new Set(results.map(({ verdict }) => verdict))].map(
    (verdict) => `${results.filter((one) => one.verdict === verdict).length} ${verdict}`,
  );
  const table = formatTable<LoadResult>(
    output,
    [
      { head: 'RUN', value: titleOf },
      {
        head: 'VERDICT',
        value: ({ verdict }) => verdict,
        style: (text, { verdict }) => paint(output, verdict, text),
      },
    ],
    results,
  );
  return section(output, `${results.length} runs: ${verdicts.join(', ')}`, table);
}

function paint(output: Output, verdict: LoadVerdict, text: string): string {
  return colourOf(output)[PAINT[verdict]](text);
}

function section(output: Output, title: string, text: string): string {
  return `${colourOf(output).underline(title)}\n${text}`;
}
