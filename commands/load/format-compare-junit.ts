import type { ConditionResult, LoadComparison } from '../../src/load/index.ts';
import { xml } from '../analyse/format-junit.ts';
import { verdictText } from './compare-words.ts';

/** A comparison of load runs as results of tests: each condition one; what cannot be told is an error. */
export function formatCompareJunit(comparison: LoadComparison): string {
  const { conditions, candidate } = comparison;
  const count = (outcome: ConditionResult['outcome']) =>
    conditions.filter((one) => one.outcome === outcome).length;
  const tests = conditions.length > 0 ? conditions.map(testcase) : [compared(comparison)];
  const numbers = `tests="${tests.length}" failures="${count('failed')}" errors="${count('inconclusive')}"`;
  const { startedAt } = candidate.runs[0]!;
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="qctl load compare" ${numbers}>\n  <testsuite name="load-compare" ${numbers} timestamp="${startedAt.slice(0, 19)}">\n${tests.join('')}  </testsuite>\n</testsuites>\n`;
}

function testcase({ text, outcome, why, remedy }: ConditionResult): string {
  const head = `    <testcase classname="qctl.load.compare" name="${xml(text)}"`;
  if (outcome === 'passed') return `${head}><system-out>${xml(why)}</system-out></testcase>\n`;
  const tag = outcome === 'failed' ? 'failure' : 'error';
  return `${head}><${tag} type="${outcome}" message="${xml(why)}">${xml(remedy ?? why)}</${tag}></testcase>\n`;
}

/** Without a condition nothing can fail. */
function compared(comparison: LoadComparison): string {
  const text = xml(verdictText(comparison));
  return `    <testcase classname="qctl.load.compare" name="compared"><system-out>${text}</system-out></testcase>\n`;
}
