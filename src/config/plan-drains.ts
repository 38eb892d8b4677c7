import { QctlError } from '../errors.ts';
import { backDrain, type DrainParams, drainSchema, forwardDrain } from './drain-step.ts';
import type { Environment } from './environment.ts';
import { toIssues } from './issues.ts';
import { fillIn, type PlanVariables, resolveVariables, variablesSchema } from './plan-variables.ts';
import { type FileWords, parseYamlFile, readTextFile, toFileError, type YamlFile } from './yaml-file.ts';

/** One drain of a plan into a stream. See {@link readPlanDrains}. */
export interface PlanDrain {
  /** Of the step. */
  name: string;
  /** By its name in qctl.yaml. */
  source: string;
  stream?: string;
  partitions?: number;
  durability?: string;
  types?: string[];
}

/** How plans are spoken of in errors. */
export const PLAN_WORDS: FileWords = {
  what: 'plan',
  code: 'PLAN',
  unreadable: 'check the path of the plan',
};

/** One step as it stands in the file, whatever else it may be. */
type RawStep = Readonly<Record<string, unknown>>;

/**
 * The drains into streams of a plan: those of its `steps`, and of its stages, that have `drain:`; other steps
 * are passed over.
 *
 * @param env for the variables of the plan
 * @throws QctlError `config` that names the file and the step
 */
export async function readPlanDrains(path: string, env: Environment = {}): Promise<PlanDrain[]> {
  const file = parseYamlFile(path, (await readTextFile(path, PLAN_WORDS, true))!, PLAN_WORDS);
  const steps = stepsOf(file.raw);
  if (!steps)
    throw bad(path, 'a plan has a list of steps', 'steps:\n  - drain: { source: NAME, stream: NAME }');
  const variables = variablesOf(file, env);
  const drains = steps.flatMap((step, at) =>
    step.drain === undefined ? [] : toDrain(path, nameOf(step, at), fillDrain(file, step.drain, variables)),
  );
  if (drains.length === 0)
    throw bad(path, 'none of its steps is a drain', 'analyse a source with --source NAME');
  return drains;
}

/** The steps, those of stages included; undefined where there is no list. */
function stepsOf(raw: unknown): RawStep[] | undefined {
  const steps = isMapping(raw) ? raw.steps : undefined;
  if (!Array.isArray(steps)) return undefined;
  return steps
    .filter(isMapping)
    .flatMap((step) => (Array.isArray(step.steps) ? step.steps.filter(isMapping) : [step]));
}

function isMapping(value: unknown): value is RawStep {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function nameOf({ name }: RawStep, at: number): string {
  return typeof name === 'string' && name !== '' ? name : `step ${at + 1}`;
}

function variablesOf(file: YamlFile, env: Environment): PlanVariables {
  const raw = (file.raw as RawStep).variables ?? {};
  const declared = variablesSchema.safeParse(raw);
  if (!declared.success) throw toFileError(file, toIssues(declared.error, variablesSchema, raw));
  // A variable that is not set matters where a drain uses it.
  return resolveVariables(declared.data, { env, given: {} }).variables;
}

function fillDrain(file: YamlFile, given: unknown, variables: PlanVariables): unknown {
  const { value, issues } = fillIn(given, variables, ['steps']);
  if (issues.length > 0) throw toFileError(file, issues);
  return value;
}

function toDrain(path: string, name: string, given: unknown): PlanDrain[] {
  const step = drainSchema.safeParse(given);
  if (step.success) return forwardOf(name, step.data);
  const schema = isMapping(given) && 'to' in given ? backDrain : forwardDrain;
  const closest = schema.safeParse(given);
  const issues = toIssues(closest.error!, schema, given);
  // A name that is not known explains best what is missing.
  const issue = issues.find(({ problem }) => problem === 'unknown field') ?? issues[0]!;
  throw bad(
    path,
    `${name}: ${['drain', ...issue.path].join('.')}: ${issue.problem}`,
    issue.hint ?? `known are ${Object.keys(schema.shape).join(', ')}`,
  );
}

function forwardOf(name: string, drain: DrainParams): PlanDrain[] {
  if ('to' in drain) return [];
  const { source, stream, partitions, durability, types } = drain;
  return [{ name, source, stream, partitions, durability, types }];
}

function bad(path: string, what: string, hint: string): QctlError {
  return new QctlError('config', `plan ${path}: ${what}`, {
    code: 'PLAN_INVALID',
    hint: [hint],
    details: { path },
  });
}
