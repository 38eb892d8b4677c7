import type { Issue, Path } from '../../config/issues.ts';
import { hideSecrets } from '../../config/redact.ts';
import type { PlannedStep, UndoChoice } from '../plan-types.ts';
import type { AnyStepKind, StepOutline } from '../step.ts';
import { isPartOf, StepIds, slug } from './ids.ts';
import type { WrittenStep } from './schema.ts';

/** What the steps are made of besides what is written. */
export interface StepParts {
  /** `rollback.undoTimeout`: of every undo whose step says nothing else. */
  undoTimeoutMs?: number;
  kinds: readonly AnyStepKind[];
  /** Hidden in what is said of the steps. */
  secrets: readonly string[];
  /** Line of a field, from 1. */
  lineOf(path: Path): number;
}

/** A step as it is written, by the id that the rest of the plan names it by. */
export interface StepBase {
  id: string;
  stage: string | null;
  path: Path;
}

/** All steps of a plan, and what is wrong with them. */
export interface BuiltSteps {
  steps: PlannedStep[];
  bases: StepBase[];
  issues: Issue[];
}

const DEFAULT_RETRY_DELAY_MS = 5000;

interface Placed {
  step: WrittenStep;
  stage: string | null;
  path: Path;
}

/** From what is written to what is run: ids, defaults, expansion. */
export function buildSteps(written: readonly WrittenStep[], parts: StepParts): BuiltSteps {
  const ids = new StepIds();
  const built: BuiltSteps = { steps: [], bases: [], issues: [] };
  for (const placed of written.flatMap(flatten)) {
    const { step, stage, path } = placed;
    const kind = kindOf(step, parts.kinds);
    const id = ids.of({ name: step.name, stage, kind: kind.name });
    built.issues.push(...idIssues(id, placed, built.bases, parts));
    built.bases.push({ id, stage, path });
    const expanded = expand(kind, step[kind.name]).map(({ suffix, params }) =>
      toStep({ id: suffix === null ? id : `${id}/${suffix}`, kind, params, placed }, parts, built.issues),
    );
    built.steps.push(...confirmation(id, placed, expanded[0], parts, built.issues), ...expanded);
  }
  built.issues.push(...doubled(built.steps));
  return built;
}

function flatten(step: WrittenStep, at: number): Placed[] {
  const path = ['steps', at];
  if (!step.steps) return [{ step, stage: step.stage ?? null, path }];
  return step.steps.map((inner, index) => ({
    step: inner,
    stage: step.stage ?? null,
    path: [...path, 'steps', index],
  }));
}

/** The kind of a step; the file has been looked through for steps of none or of two. */
export function kindOf(step: WrittenStep, kinds: readonly AnyStepKind[]): AnyStepKind {
  return kinds.find(({ name }) => step[name] !== undefined)!;
}

function expand(kind: AnyStepKind, params: unknown): { suffix: string | null; params: unknown }[] {
  return kind.expand?.(params) ?? [{ suffix: null, params }];
}

function idIssues(
  id: string,
  { step, stage, path }: Placed,
  bases: readonly StepBase[],
  { lineOf }: StepParts,
): Issue[] {
  const at = step.name === undefined ? path : [...path, 'name'];
  if (id === '') return [{ path: at, problem: 'expected a name with a letter or a digit' }];
  // A name like that of its own stage takes in those of the stage that have none: that is what is meant by it.
  const twin = bases.find(
    (base) => base.id === id || (base.stage !== stage && (isPartOf(base.id, id) || isPartOf(id, base.id))),
  );
  if (!twin) return [];
  const said = twin.id === id ? 'the name stands' : `${twin.id}, which this name would take in, stands`;
  return [
    {
      path: at,
      problem: `${said} at line ${lineOf(twin.path)} already`,
      hint: 'give each step a name of its own',
    },
  ];
}

function doubled(steps: readonly PlannedStep[]): Issue[] {
  const seen = new Set<string>();
  return steps.flatMap(({ id, line }) => {
    const twice = seen.has(id) && id.includes('/');
    seen.add(id);
    return twice ? [{ path: ['steps'], problem: `the step of line ${line} comes to ${id} twice` }] : [];
  });
}

interface Making {
  id: string;
  kind: AnyStepKind;
  params: unknown;
  placed: Placed;
}

function toStep({ id, kind, params, placed }: Making, parts: StepParts, issues: Issue[]): PlannedStep {
  const { step, stage, path } = placed;
  const outline = outlineOf(kind, params, parts.secrets);
  const line = parts.lineOf(path);
  const undo = undoOf(id, placed, outline, parts, issues);
  return {
    ...{ id, stage, kind, params, outline, undo, line },
    timeoutMs: step.timeout ?? outline.timeoutMs,
    undoTimeoutMs: step.undoTimeout ?? limited(worstUndoMs(undo, outline), parts.undoTimeoutMs),
    retries: step.retries ?? 0,
    retryDelayMs: step.retryDelay ?? DEFAULT_RETRY_DELAY_MS,
    repeatable: step.repeatable ?? outline.repeatable,
    check: step.check ?? null,
    pointOfNoReturn: step.pointOfNoReturn ?? false,
    onFailure: step.onFailure ?? 'rollback',
  };
}

function undoOf(
  id: string,
  placed: Placed,
  outline: StepOutline,
  parts: StepParts,
  issues: Issue[],
): UndoChoice {
  const { step, path } = placed;
  const { undo } = step;
  if (Array.isArray(undo))
    return undo.flatMap((one, at) =>
      undoStep(`${id}/undo-${at + 1}`, one, [...path, 'undo', at], parts, issues),
    );
  const choice = undo ?? (step.pointOfNoReturn && outline.undo === 'missing' ? 'none' : 'auto');
  const unknown = { path: undo === undefined ? path : [...path, 'undo'], problem: NO_UNDO, hint: HOW_UNDO };
  // An expanded step says it once.
  const said = issues.some(
    ({ path: one, problem }) => problem === NO_UNDO && one.join('.') === unknown.path.join('.'),
  );
  if (choice === 'auto' && outline.undo === 'missing' && !said) issues.push(unknown);
  return choice;
}

const NO_UNDO = 'nothing is known that would undo it';
const HOW_UNDO =
  'write undo: with a list of steps, undo: none where nothing needs to be undone, or pointOfNoReturn: true';

function undoStep(
  id: string,
  step: WrittenStep,
  path: Path,
  parts: StepParts,
  issues: Issue[],
): PlannedStep[] {
  const kind = kindOf(step, parts.kinds);
  return expand(kind, step[kind.name]).map(({ suffix, params }) => ({
    ...toStep(
      {
        id: suffix === null ? id : `${id}/${suffix}`,
        ...{ kind, params },
        placed: { step: { ...step, undo: 'none' }, stage: null, path },
      },
      parts,
      issues,
    ),
    undoTimeoutMs: 0,
  }));
}

/** What the plan says of every undo; of nothing to undo it says nothing. */
function limited(worstMs: number, planned: number | undefined): number {
  return worstMs === 0 ? 0 : (planned ?? worstMs);
}

/** All tries of one step. */
function triesMs({ timeoutMs, retries, retryDelayMs }: PlannedStep): number {
  return timeoutMs * (retries + 1) + retryDelayMs * retries;
}

function worstUndoMs(undo: UndoChoice, outline: StepOutline): number {
  if (typeof undo !== 'string') return undo.reduce((sum, step) => sum + triesMs(step), 0);
  return undo === 'auto' && typeof outline.undo === 'object' ? outline.undo.timeoutMs : 0;
}

/** `confirm:` of a step is a question before it: one more step, of the kind that asks. */
function confirmation(
  id: string,
  placed: Placed,
  asked: PlannedStep | undefined,
  parts: StepParts,
  issues: Issue[],
): PlannedStep[] {
  const { step, stage, path } = placed;
  if (!step.confirm || !asked) return [];
  const kind = parts.kinds.find(({ name }) => name === 'approve');
  const question = step.confirm === true ? `${asked.outline.does}?` : step.confirm;
  const params = kind?.schema.safeParse({ text: question });
  if (!kind || !params?.success) {
    issues.push({ path: [...path, 'confirm'], problem: 'there is no kind of step that asks' });
    return [];
  }
  return [
    toStep(
      { id: `${id}/confirm`, kind, params: params.data, placed: { step: { undo: 'none' }, stage, path } },
      parts,
      issues,
    ),
  ];
}

function outlineOf(kind: AnyStepKind, params: unknown, secrets: readonly string[]): StepOutline {
  const hide = (text: string) => hideSecrets(text, secrets);
  const outline = kind.outline(params, hide);
  const { does, asks, undo } = outline;
  return {
    ...outline,
    does: hide(does),
    asks: asks === null ? null : hide(asks),
    undo: typeof undo === 'object' ? { ...undo, does: hide(undo.does) } : undo,
  };
}

/** Where a stage or step stands that another part of the plan names; undefined: nowhere. */
export function findBase(
  bases: readonly StepBase[],
  name: string,
  end: 'first' | 'last',
): StepBase | undefined {
  const own = bases.find(({ id }) => id === name || id === slug(name));
  if (own) return own;
  const ofStage = bases.filter(({ stage }) => stage === name);
  return end === 'first' ? ofStage[0] : ofStage.at(-1);
}
