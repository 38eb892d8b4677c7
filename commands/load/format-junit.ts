import type { LoadResult } from '../../src/load/index.ts';
import { xml } from '../analyse/format-junit.ts';
import { thresholdState, thresholdValues } from './facts.ts';
import { latencyText, rateText, titleOf, verdictText } from './words.ts';

/** One test of a run. */
interface TestCase {
  name: string;
  /** Why it failed; null where it did not. */
  failure: string | null;
  text: string;
}

/** Load runs as results of tests: each run is a suite of its validity and its thresholds. */
export function formatJunit(results: readonly LoadResult[]): string {
  const suites = results.map((result) => ({ result, cases: casesOf(result) }));
  const body = suites.map(({ result, cases }) => suite(result, cases));
  const numbers = numbersOf(suites.flatMap(({ cases }) => cases));
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qctl load" ${numbers}>\n${body.join('')}</testsuites>\n`;
}

/** What was measured may hold for a run that says nothing of the target: that it was valid is a test of its own. */
function casesOf(result: LoadResult): TestCase[] {
  const { verdict, reasons, thresholds } = result;
  const void_ = verdict === 'invalid' || verdict === 'stopped';
  return [
    {
      name: 'the run is valid',
      failure: void_ ? [verdictText(result), ...reasons].join('; ') : null,
      text: summaryOf(result),
    },
    ...thresholds.map((threshold) => {
      const state = thresholdState(threshold);
      const values = thresholdValues(threshold);
      const why = state === 'unknown' ? 'there was nothing to judge' : `${threshold.text} does not hold`;
      return {
        name: threshold.text,
        failure: state === 'ok' ? null : values ? `${why}: ${values}` : why,
        text: values,
      };
    }),
  ];
}

function summaryOf({ rates, latency }: LoadResult): string {
  const whole = latency.endToEnd ?? latency.enqueue;
  const times = whole
    ? `p50 ${latencyText(whole.p50)}, p99 ${latencyText(whole.p99)}, at most ${latencyText(whole.max)}`
    : 'nothing ended';
  return `wanted ${rateText(rates.wanted) ?? 'as fast as it goes'}, confirmed ${rateText(rates.reached) ?? 'nothing'}; ${times}`;
}

function suite(result: LoadResult, cases: readonly TestCase[]): string {
  const { startedAt, elapsedMs } = result;
  const head = `name="${xml(titleOf(result))}" ${numbersOf(cases)} timestamp="${xml(startedAt.slice(0, 19))}" time="${elapsedMs / 1000}"`;
  return `  <testsuite ${head}>\n${cases.map(testcase).join('')}  </testsuite>\n`;
}

function testcase({ name, failure, text }: TestCase): string {
  const head = `    <testcase classname="qctl.load" name="${xml(name)}"`;
  return failure === null
    ? `${head}><system-out>${xml(text)}</system-out></testcase>\n`
    : `${head}><failure message="${xml(failure)}">${xml(text)}</failure></testcase>\n`;
}

function numbersOf(cases: readonly TestCase[]): string {
  return `tests="${cases.length}" failures="${cases.filter(({ failure }) => failure !== null).length}"`;
}
