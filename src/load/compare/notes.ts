import { type FailCondition, isBeyond } from './condition.ts';
import { traitsOf } from './kinds.ts';
import { leastP } from './rank-test.ts';
import type { Difference, TestBasis } from './types.ts';

/** What has to be known to read the numbers. */
export function notesOf(
  basis: TestBasis,
  differences: readonly Difference[],
  conditions: readonly FailCondition[],
): string[] {
  const accepted = [...new Set(differences.map(({ name }) => name))].filter((name) => name !== 'target');
  return [
    ...basisNotes(basis),
    ...(accepted.length > 0
      ? [`the runs differ in ${accepted.join(', ')}, and were let through: what changed may come from that`]
      : []),
    ...conditions.flatMap(oddDirection),
  ];
}

function basisNotes(basis: TestBasis): string[] {
  const { unit, base, candidate, blockMs, alpha } = basis;
  if (unit === null)
    return [
      'not enough to tell a difference from chance: run each side with --repeat 4, or for longer than 40s after the warm-up',
    ];
  if (unit === 'blocks')
    return [
      `tested over blocks of ${blockMs! / 1000} s of single runs: what is near in time is alike, so that this says less than --repeat 4`,
    ];
  const least = leastP(base, candidate);
  if (least < alpha) return [];
  return [
    `with ${base} and ${candidate} runs no difference comes below p ${least.toFixed(3)}, and ${alpha} was asked for: run it with --repeat ${enoughFor(alpha)}`,
  ];
}

/** Runs a side. */
function enoughFor(alpha: number): number {
  let runs = 4;
  while (leastP(runs, runs) >= alpha && runs < 20) runs += 1;
  return runs;
}

/** It is allowed, and seldom meant. */
function oddDirection(condition: FailCondition): string[] {
  if (condition.kind !== 'change' || condition.measure === 'sent') return [];
  const worse = traitsOf(condition.measure).worse === 'up' ? 1 : -1;
  const fails = isBeyond(condition, worse * Number.POSITIVE_INFINITY);
  return fails ? [] : [`${condition.text} fails where ${condition.measure} gets better`];
}
