import { readFile } from 'node:fs/promises';
import { LineCounter, parseDocument } from 'yaml';
import * as z from 'zod';
import { QctlError } from '../errors.ts';
import { toIssues } from './issues.ts';

const text = z.string().min(1);

/** One `drain:` of a plan: the source by its name in qctl.yaml, and where it goes. */
const drainStep = z.strictObject({
  source: text,
  stream: text.optional(),
  partitions: z.number().int().positive().optional(),
  durability: z
    .string()
    .regex(/^(memory|aof|wait:[1-9]\d*)$/, 'expected memory, wait:N or aof')
    .optional(),
  types: z.array(text).min(1).optional(),
});

/** See {@link readPlanDrains}. */
export type PlanDrain = z.output<typeof drainStep> & { name: string };

const plan = z.looseObject({
  steps: z.array(z.looseObject({ name: text.optional(), drain: z.unknown().optional() })),
});

/**
 * The drains of a plan: those of its `steps` that have `drain:`; other steps are passed over.
 *
 * @throws QctlError `config` that names the file and the step
 */
export async function readPlanDrains(path: string): Promise<PlanDrain[]> {
  const parsed = plan.safeParse(parseYaml(path, await readText(path)));
  if (!parsed.success)
    throw bad(path, 'a plan has a list of steps', 'steps:\n  - drain: { source: NAME, stream: NAME }');
  const drains = parsed.data.steps.flatMap((step, at) =>
    step.drain === undefined ? [] : [toDrain(path, step.name ?? `step ${at + 1}`, step.drain)],
  );
  if (drains.length === 0)
    throw bad(path, 'none of its steps is a drain', 'analyse a source with --source NAME');
  return drains;
}

function toDrain(path: string, name: string, given: unknown): PlanDrain {
  const step = drainStep.safeParse(typeof given === 'string' ? { source: given } : given);
  if (step.success) return { ...step.data, name };
  const issues = toIssues(step.error, drainStep, given);
  // A name that is not known explains best what is missing.
  const issue = issues.find(({ problem }) => problem === 'unknown field') ?? issues[0]!;
  throw bad(
    path,
    `${name}: ${['drain', ...issue.path].join('.')}: ${issue.problem}`,
    issue.hint ?? 'known are source, stream, partitions, durability and types',
  );
}

async function readText(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? 'unreadable';
    throw new QctlError('config', `cannot read plan ${path}: ${code}`, {
      code: 'PLAN_UNREADABLE',
      hint: ['check the path given with --plan'],
      cause,
    });
  }
}

function parseYaml(path: string, source: string): unknown {
  const document = parseDocument(source, { lineCounter: new LineCounter() });
  const [error] = document.errors;
  if (error) throw bad(path, error.message.split('\n')[0]!, 'it must be YAML or JSON');
  return document.toJS();
}

function bad(path: string, what: string, hint: string): QctlError {
  return new QctlError('config', `plan ${path}: ${what}`, {
    code: 'PLAN_INVALID',
    hint: [hint],
    details: { path },
  });
}
