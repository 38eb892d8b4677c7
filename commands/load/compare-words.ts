import {
  type ComparedSide,
  changeText,
  type LoadComparison,
  type MeasureChange,
  percentText,
  pText,
  valueText,
} from '../../src/load/index.ts';

/** What is shown without being asked for; of counts besides those that are not 0. */
const SHOWN = new Set([
  ...['p50', 'p90', 'p99', 'p999', 'max', 'mean', 'enqueue.p50', 'enqueue.p99', 'wait.p99', 'processing.p99'],
  ...['rate', 'processedRate', 'lost', 'doubled', 'lag', 'memory', 'cpu'],
]);

/** The measures that a person is shown: the usual ones, those of a condition, and whatever went wrong. */
export function shownMeasures({ measures, conditions }: LoadComparison): MeasureChange[] {
  const asked = new Set(conditions.flatMap((one) => one.measures));
  const wrong = ({ kind, base, candidate }: MeasureChange) =>
    kind === 'count' && ((base ?? 0) > 0 || (candidate ?? 0) > 0);
  return measures.filter((one) => SHOWN.has(one.name) || asked.has(one.name) || wrong(one));
}

/** A measure as texts. */
export const cells = {
  base: ({ base, unit }: MeasureChange) => valueText(base, unit),
  candidate: ({ candidate, unit }: MeasureChange) => valueText(candidate, unit),
  /** In per cent where it can be; counts as they are. */
  change: ({ kind, change, relative, unit }: MeasureChange) =>
    kind === 'count' || relative === null ? changeText(change, unit) : percentText(relative),
  interval: ({ interval }: MeasureChange) =>
    interval ? `${percentText(interval[0])} to ${percentText(interval[1])}` : '-',
  p: ({ p }: MeasureChange) => pText(p),
  outcome: ({ outcome }: MeasureChange) => outcome ?? '-',
};

/** `redis 127.0.0.1:6379 (redis 7.0.15), 5 runs from 2026-01-05T10:00:00.000Z, qctl 0.1.0`. */
export function sideText({ target, name, runs }: ComparedSide): string {
  const [first] = runs;
  const version = target.version === null ? '' : ` (${target.version})`;
  const count = runs.length === 1 ? `run ${first!.run}` : `${runs.length} runs`;
  return `${name === null ? '' : `${name}: `}${target.kind} ${target.label}${version}, ${count} from ${first!.startedAt}, qctl ${first!.qctl}`;
}

/** What the test rests on. */
export function testText({ test }: LoadComparison): string {
  const { unit, base, candidate, blockMs, alpha } = test;
  if (unit === null) return 'not: there are too few runs, and they are too short';
  const units = unit === 'runs' ? 'runs' : `blocks of ${blockMs! / 1000} s`;
  return `${base} and ${candidate} ${units}, two-sided, alpha ${alpha}`;
}

/** The verdict as a sentence. */
export function verdictText(comparison: LoadComparison): string {
  const { verdict, conditions } = comparison;
  const of = (outcome: string) => conditions.filter((one) => one.outcome === outcome).length;
  if (verdict === 'failed') return `failed: ${of('failed')} of ${conditions.length} conditions`;
  if (verdict === 'inconclusive')
    return `inconclusive: ${of('inconclusive')} of ${conditions.length} conditions`;
  if (verdict === 'passed') return `passed: all of ${conditions.length} conditions`;
  const shown = shownMeasures(comparison);
  const count = (outcome: MeasureChange['outcome']) => shown.filter((one) => one.outcome === outcome).length;
  return `of ${shown.length} measures ${count('worse')} are worse, ${count('better')} better; no condition was given`;
}
