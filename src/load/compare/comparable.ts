import { QctlError } from '../../errors.ts';
import type { LoadResult } from '../result.ts';
import type { Difference, DifferenceName } from './types.ts';
import { differingFields } from './workload-fields.ts';

/**
 * Tells what differs between runs that are to be compared: every run is held against the first one of the base.
 *
 * @param accepted differences that are let through
 * @returns what was let through, and the target where that is another one
 * @throws QctlError `refused` LOAD_NOT_COMPARABLE that names each difference, old -> new
 */
export function checkComparable(
  base: readonly LoadResult[],
  candidate: readonly LoadResult[],
  accepted: readonly DifferenceName[],
): Difference[] {
  for (const [side, runs] of [
    ['base', base],
    ['candidate', candidate],
  ] as const)
    refuseMixed(side, runs);
  const [first] = base;
  const others = [...base.slice(1), ...candidate];
  const found = distinct([
    ...others.flatMap((run) => [...workloadOf(first!, run), ...machineOf(first!, run)]),
    ...verdictsOf(base, candidate),
  ]);
  const refused = found.filter(({ name }) => !(accepted as readonly string[]).includes(name));
  if (refused.length > 0) throw notComparable(refused);
  return [...targetOf(first!, candidate[0]!), ...found];
}

/** A difference as a clause: `rate 1000/s -> 2000/s`. */
export function differenceText({ part, base, candidate }: Difference): string {
  return `${part} ${base} -> ${candidate}`;
}

function workloadOf(base: LoadResult, other: LoadResult): Difference[] {
  const [before, after] = [base.environment, other.environment];
  if (before.workload === after.workload) return [];
  const told = differingFields(before.workloadParts, after.workloadParts).flatMap(([field, old, other]) =>
    difference('workload', field, old, other),
  );
  if (told.length > 0) return told;
  return difference('workload', 'workload', before.workload.slice(0, 12), after.workload.slice(0, 12));
}

function machineOf({ environment: before }: LoadResult, { environment: after }: LoadResult): Difference[] {
  return [
    ...difference('machine', 'cpu', before.cpu, after.cpu),
    ...difference('machine', 'cores', String(before.cores), String(after.cores)),
    ...difference('node', 'node', majorOf(before.node), majorOf(after.node)),
  ];
}

/** `v20.11.1` and `20.19.0` are both 20. */
function majorOf(node: string): string {
  return /\d+/.exec(node)?.[0] ?? node;
}

/** A run that says little of its target says little in a comparison, too. */
function verdictsOf(base: readonly LoadResult[], candidate: readonly LoadResult[]): Difference[] {
  const bad = (runs: readonly LoadResult[]) =>
    runs.find(({ verdict }) => verdict === 'invalid' || verdict === 'stopped');
  const [before, after] = [bad(base), bad(candidate)];
  if (!before && !after) return [];
  const text = (run: LoadResult | undefined) =>
    run ? [`${run.verdict} (run ${run.run})`, ...run.reasons].join(': ') : 'complete';
  return [{ name: 'verdict', part: 'verdict', base: text(before), candidate: text(after) }];
}

function targetOf({ target: before }: LoadResult, { target: after }: LoadResult): Difference[] {
  return [
    ...difference('target', 'target', before.kind, after.kind),
    ...difference('target', 'server', before.label, after.label),
    ...difference('target', 'version', before.version ?? 'unknown', after.version ?? 'unknown'),
  ];
}

function difference(name: Difference['name'], part: string, base: string, candidate: string): Difference[] {
  return base === candidate ? [] : [{ name, part, base, candidate }];
}

/** The same of several runs is told once. */
function distinct(differences: readonly Difference[]): Difference[] {
  return [...new Map(differences.map((one) => [JSON.stringify(one), one])).values()];
}

/** The runs of one side are repeats: those of two targets would be no side. */
function refuseMixed(side: string, runs: readonly LoadResult[]): void {
  const [first] = runs;
  const other = runs.find((run) => targetOf(first!, run).length > 0);
  if (!other) return;
  const told = targetOf(first!, other).map(differenceText).join('; ');
  throw new QctlError('refused', `the runs of ${side} are not of one target: ${told}`, {
    code: 'LOAD_NOT_COMPARABLE',
    hint: ['give the results of one target as base, those of the other one as candidate'],
    details: { runs: [first!.run, other.run] },
  });
}

function notComparable(refused: readonly Difference[]): QctlError {
  const names = [...new Set(refused.map(({ name }) => name))];
  const flags = names.map((name) => `--accept-difference ${name}`).join(' ');
  return new QctlError('refused', `the runs are not comparable: ${refused.map(differenceText).join('; ')}`, {
    code: 'LOAD_NOT_COMPARABLE',
    hint: ['repeat the run whose surroundings are wrong', `${flags} compares them all the same, and says so`],
    details: { differences: refused },
  });
}
