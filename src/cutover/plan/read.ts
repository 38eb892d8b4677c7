import { createHash } from 'node:crypto';
import { type Issue, type Path, toIssues } from '../../config/issues.ts';
import { PLAN_WORDS } from '../../config/plan-drains.ts';
import {
  fillIn,
  type PlanVariables,
  resolveVariables,
  variablesSchema,
} from '../../config/plan-variables.ts';
import { hideSecrets } from '../../config/redact.ts';
import { valueAt } from '../../config/schema-walk.ts';
import { lineOf, parseYamlFile, readTextFile, toFileError, type YamlFile } from '../../config/yaml-file.ts';
import { QctlError } from '../../errors.ts';
import type { CutoverPlan, PlannedStep } from '../plan-types.ts';
import type { AnyStepKind } from '../step.ts';
import { STEP_KINDS } from '../steps/index.ts';
import { buildChecks, buildFreezes, checkNameIssues } from './checks.ts';
import { isPartOf } from './ids.ts';
import { kindIssues } from './kind-issues.ts';
import { literalSecrets } from './literal-secrets.ts';
import { planSchema, type WrittenPlan } from './schema.ts';
import { buildNotifications, toRollback, toWindow, windowIssues } from './sections.ts';
import { type BuiltSteps, buildSteps, type StepParts } from './steps.ts';

/** Where the text of a plan comes from: a file, or a journal that has kept it. */
export type PlanSource = string | { text: string; path?: string };

/** What a plan is resolved with. */
export interface PlanInputs {
  /** For variables with `env: NAME`. */
  env: Readonly<Record<string, string | undefined>>;
  /** Values given by hand, by name: they come before the environment. Default: none. */
  variables?: Readonly<Record<string, string>>;
  /** Default: all there are. */
  kinds?: readonly AnyStepKind[];
}

/**
 * Reads a plan and resolves it: variables put in, steps expanded and named, defaults filled in. Touches
 * nothing but the file.
 *
 * @throws QctlError `config` PLAN_UNREADABLE, PLAN_SYNTAX, or PLAN_INVALID with all that is wrong, a line each
 */
export async function readPlan(source: PlanSource, inputs: PlanInputs): Promise<CutoverPlan> {
  const path = typeof source === 'string' ? source : (source.path ?? 'plan.yaml');
  const text = typeof source === 'string' ? (await readTextFile(path, PLAN_WORDS, true))! : source.text;
  return resolve(parseYamlFile(path, text, PLAN_WORDS), inputs);
}

function resolve(
  file: YamlFile,
  { env, variables: given = {}, kinds = STEP_KINDS }: PlanInputs,
): CutoverPlan {
  const raw = mappingOf(file);
  const { variables, issues: variableIssues } = readVariables(raw, { env, given });
  const secrets = secretsOf(variables);
  const fail = (issues: readonly Issue[]) =>
    toFileError(
      file,
      issues.map((issue) => withoutSecrets(issue, secrets)),
    );
  const filled = fillAll(raw, variables);
  const schema = schemaOf(kinds);
  const parsed = schema.safeParse(filled.value);
  const unfilled = variableIssues.length + filled.issues.length > 0;
  const issues = [
    ...variableIssues,
    // A name that is unknown for want of a value is told of already.
    ...(variableIssues.length > 0 ? [] : filled.issues),
    ...(parsed.success
      ? []
      : toIssues(parsed.error, schema, raw)
          .map(explained)
          .filter((issue) => isOwn(issue, unfilled, raw))),
    ...kindIssues(filled.value, kinds),
    ...literalSecrets(raw),
  ];
  if (!parsed.success || issues.length > 0) throw fail(issues);
  const undoTimeoutMs = parsed.data.rollback?.undoTimeout;
  const parts = { kinds, secrets, undoTimeoutMs, lineOf: (at: Path) => lineOf(file, at) };
  const built = build(parsed.data, parts);
  if (built.issues.length > 0) throw fail(built.issues);
  return {
    ...built.plan,
    ...{ path: file.path, text: file.text, secrets },
    variables: publicOf(variables),
    hash: hashOf(file.text, publicOf(variables)),
  };
}

const SCHEMAS = new WeakMap<readonly AnyStepKind[], ReturnType<typeof planSchema>>();

function schemaOf(kinds: readonly AnyStepKind[]): ReturnType<typeof planSchema> {
  const known = SCHEMAS.get(kinds) ?? planSchema(kinds);
  SCHEMAS.set(kinds, known);
  return known;
}

function mappingOf(file: YamlFile): Record<string, unknown> {
  const { raw } = file;
  if (typeof raw !== 'object' || raw === null || Array.isArray(raw))
    throw new QctlError('config', `${file.name}: a plan is a mapping with apiVersion, name and steps`, {
      code: 'PLAN_INVALID',
      hint: ['qctl cutover init --recipe queue writes one'],
      details: { file: file.path },
    });
  // What begins with x- is the author's own: a place for anchors.
  return Object.fromEntries(Object.entries(raw).filter(([key]) => !key.startsWith('x-')));
}

function readVariables(
  raw: Record<string, unknown>,
  origins: Parameters<typeof resolveVariables>[1],
): ReturnType<typeof resolveVariables> {
  const declared = variablesSchema.safeParse(raw.variables ?? {});
  if (declared.success) return resolveVariables(declared.data, origins);
  const issues = toIssues(declared.error, variablesSchema, raw.variables);
  return {
    variables: { values: new Map(), secret: new Set() },
    issues: issues.map((issue) => ({ ...issue, path: ['variables', ...issue.path] })),
  };
}

/** Variables into everything but their own declarations. */
function fillAll(raw: Record<string, unknown>, variables: PlanVariables): ReturnType<typeof fillIn> {
  const { variables: declared, ...rest } = raw;
  const { value, issues } = fillIn(rest, variables);
  return {
    value: {
      ...(value as object),
      ...(declared !== undefined && declared !== null && { variables: declared }),
    },
    issues,
  };
}

/** What is wrong with a variable, or for want of one, is told of by whoever resolves them. */
function isOwn({ path }: Issue, unfilled: boolean, raw: unknown): boolean {
  const value = valueAt(raw, path);
  return path[0] !== 'variables' && !(unfilled && typeof value === 'string' && value.includes('${'));
}

function explained(issue: Issue): Issue {
  return issue.path.join('.') === 'apiVersion' ? { ...issue, hint: 'write apiVersion: qctl/v1' } : issue;
}

function withoutSecrets(issue: Issue, secrets: readonly string[]): Issue {
  return { ...issue, problem: hideSecrets(issue.problem, secrets) };
}

function secretsOf({ values, secret }: PlanVariables): string[] {
  return [...secret].map((name) => String(values.get(name))).filter((value) => value !== '');
}

function publicOf({ values, secret }: PlanVariables): Record<string, string> {
  const shown = [...values].filter(([name]) => !secret.has(name));
  return Object.fromEntries(shown.map(([name, value]) => [name, String(value)]));
}

/** Another plan, or the same with other values, is another hash; the order of the variables does not matter. */
function hashOf(text: string, variables: Readonly<Record<string, string>>): string {
  const values = JSON.stringify(Object.entries(variables).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  return `sha256:${createHash('sha256').update(text).update('\0').update(values).digest('hex')}`;
}

type Resolved = Omit<CutoverPlan, 'path' | 'text' | 'secrets' | 'variables' | 'hash'>;

function build(written: WrittenPlan, parts: StepParts): { plan: Resolved; issues: Issue[] } {
  const built = buildSteps(written.steps, parts);
  const checks = buildChecks(written.checks, built.bases);
  const freezes = buildFreezes(written.freezes, built.bases);
  const notify = buildNotifications(written.notify, parts);
  const empty = built.steps.length > 0 ? [] : [{ path: ['steps'], problem: 'a plan has at least one step' }];
  const names = checkNameIssues(written, built.steps, (step) => pathOf(step, built));
  return {
    plan: {
      name: written.name,
      profile: written.profile ?? null,
      lock: written.lock ?? written.name,
      window: toWindow(written.window),
      baseline: written.baseline ? { durationMs: written.baseline.duration } : null,
      preflight: written.preflight?.checks ?? [],
      rollback: toRollback(written.rollback),
      ...{ checks: checks.value, steps: built.steps, freezes: freezes.value, notify: notify.value },
    },
    issues: [
      ...empty,
      ...built.issues,
      ...checks.issues,
      ...freezes.issues,
      ...names,
      ...notify.issues,
      ...windowIssues(written),
    ],
  };
}

function pathOf(step: PlannedStep, { bases }: BuiltSteps): Path {
  return bases.find(({ id }) => isPartOf(step.id, id))?.path ?? [];
}
