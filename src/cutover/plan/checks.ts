import type { Issue, Path } from '../../config/issues.ts';
import { findSimilar } from '../../config/similar.ts';
import type { PlannedCheck, PlannedFreeze, PlannedStep } from '../plan-types.ts';
import type { WrittenPlan } from './schema.ts';
import { findBase, type StepBase } from './steps.ts';

/** A value, and what is wrong with what it was made of. */
export interface Made<T> {
  value: T;
  issues: Issue[];
}

/** The checks of a plan, bound to its steps. */
export function buildChecks(
  written: WrittenPlan['checks'],
  bases: readonly StepBase[],
): Made<PlannedCheck[]> {
  const issues: Issue[] = [];
  const checks = (written ?? []).map((check, at) => {
    const path = ['checks', at];
    if ((written ?? []).findIndex(({ name }) => name === check.name) < at)
      issues.push({ path: [...path, 'name'], problem: `there is a check ${check.name} above` });
    if (check.success === null && check.failure === null)
      issues.push({ path, problem: 'expected success or failure', hint: 'success: value < 1000' });
    const span = spanOf(check, check.until, path, bases, issues);
    return {
      ...check,
      from: check.from === 'never' ? 'never' : span.from,
      until: span.to,
      allowFailing: check.allowFailing ?? false,
    };
  });
  return { value: checks, issues };
}

/** The times in which nobody consumes. */
export function buildFreezes(
  written: WrittenPlan['freezes'],
  bases: readonly StepBase[],
): Made<PlannedFreeze[]> {
  const issues: Issue[] = [];
  const freezes = (written ?? []).map(({ name, from, to, maxPause }, at) => {
    const span = spanOf({ from }, to, ['freezes', at], bases, issues, 'to');
    return {
      name: name ?? `freeze-${at + 1}`,
      from: span.from ?? from,
      to: span.to ?? to,
      maxPauseMs: maxPause,
    };
  });
  return { value: freezes, issues };
}

/** Ids of the steps that two names stand for; the names may be of stages. */
function spanOf(
  { from }: { from?: string },
  to: string | undefined,
  path: Path,
  bases: readonly StepBase[],
  issues: Issue[],
  toField = 'until',
): { from: string | null; to: string | null } {
  const first = baseOf(from === 'never' ? undefined : from, 'first', [...path, 'from'], bases, issues);
  const last = baseOf(to, 'last', [...path, toField], bases, issues);
  if (first && last && bases.indexOf(first) > bases.indexOf(last))
    issues.push({ path: [...path, toField], problem: `${to} comes before ${from}` });
  return { from: first?.id ?? null, to: last?.id ?? null };
}

function baseOf(
  name: string | undefined,
  end: 'first' | 'last',
  path: Path,
  bases: readonly StepBase[],
  issues: Issue[],
): StepBase | undefined {
  if (name === undefined) return undefined;
  const found = findBase(bases, name, end);
  const known = [...new Set(bases.flatMap(({ id, stage }) => (stage === null ? [id] : [id, stage])))];
  if (!found) issues.push(unknown(path, 'step or stage', name, known));
  return found;
}

/** Where something names a check that is not there. */
export function checkNameIssues(
  written: WrittenPlan,
  steps: readonly PlannedStep[],
  pathOf: (step: PlannedStep) => Path,
): Issue[] {
  const known = (written.checks ?? []).map(({ name }) => name);
  const look = (names: readonly string[] | undefined, path: Path) =>
    (names ?? []).flatMap((name, at) =>
      known.includes(name) ? [] : [unknown([...path, at], 'check', name, known)],
    );
  const inSteps = steps.flatMap((step) =>
    look(namedBy(step.params), [...pathOf(step), step.kind.name, 'checks']),
  );
  const once = new Map(inSteps.map((issue) => [`${issue.path.join('.')} ${issue.problem}`, issue]));
  return [
    ...look(written.preflight?.checks, ['preflight', 'checks']),
    ...look(written.rollback?.health, ['rollback', 'health']),
    ...once.values(),
  ];
}

/** `checks:` of a step that watches: those of `monitor` and `route`. */
function namedBy(params: unknown): string[] {
  const { checks } = (params ?? {}) as { checks?: unknown };
  return Array.isArray(checks) ? checks.filter((one) => typeof one === 'string') : [];
}

function unknown(path: Path, what: string, name: string, known: readonly string[]): Issue {
  const similar = findSimilar(name, known);
  const list = known.length > 0 ? `there are ${known.join(', ')}` : `the plan has no ${what}`;
  return { path, problem: `there is no ${what} ${name}`, hint: similar ? `did you mean ${similar}?` : list };
}
