import { type Comparison, countsText, type ThresholdResult } from '../../src/compare/index.ts';
import { xml } from '../analyse/format-junit.ts';
import { verdictText } from './words.ts';

/** A comparison as results of tests: that there was something to compare, and each condition. */
export function formatJunit(comparison: Comparison): string {
  const { thresholds, complete, counts, endedAt } = comparison;
  const tests = [
    testcase('compared', complete && counts.compared > 0, verdictText(comparison), comparison),
    ...thresholds.map((threshold) =>
      testcase(threshold.text, threshold.ok, outcomeText(threshold), comparison),
    ),
  ];
  const failures = tests.filter((test) => test.includes('<failure')).length;
  const numbers = `tests="${tests.length}" failures="${failures}"`;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qctl compare" ${numbers}>\n  <testsuite name="compare" ${numbers} timestamp="${endedAt.slice(0, 19)}">\n${tests.join('')}  </testsuite>\n</testsuites>\n`;
}

function outcomeText({ text, rule, holds }: ThresholdResult): string {
  if (holds === null) return `${text} is not known`;
  return `${text} ${holds ? 'holds' : 'does not hold'}, and must ${rule === 'failOn' ? 'not' : ''}`.trimEnd();
}

function testcase(name: string, ok: boolean, message: string, comparison: Comparison): string {
  const head = `    <testcase classname="qctl.compare" name="${xml(name)}"`;
  const text = xml(countsText(comparison));
  return ok
    ? `${head}><system-out>${text}</system-out></testcase>\n`
    : `${head}><failure message="${xml(message)}">${text}</failure></testcase>\n`;
}
