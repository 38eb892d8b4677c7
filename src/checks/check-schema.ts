import * as z from 'zod';
import { toIssues, wholeProblem } from '../config/issues.ts';
import { duration, flag, fromOne, text, wholeNumber } from '../config/schema.ts';
import { findSimilar } from '../config/similar.ts';
import { isQctlError } from '../errors.ts';
import type { CheckSpec } from './check.ts';
import { parseExpression } from './expression.ts';

/** What the schema of a check has to know of a metric. The table is that of the room above. */
export interface MetricSchema {
  /** Of `with`. */
  schema: z.ZodType;
}

/** Metrics by name. */
export type MetricSchemas = Readonly<Record<string, MetricSchema>>;

const DEFAULT_MS = 10_000;
const SHORTEST_MS = 10;
const LONGEST_MS = 24 * 86_400_000;

const span = duration.refine((ms) => ms >= SHORTEST_MS, `expected at least ${SHORTEST_MS}ms`);

/** One check as it is written. */
const written = z.strictObject({
  name: text,
  metric: text,
  with: z.record(z.string(), z.unknown()).default({}),
  success: text.optional(),
  failure: text.optional(),
  interval: span.default(DEFAULT_MS),
  initialDelay: duration.default(0),
  count: fromOne.optional(),
  failureLimit: wholeNumber.default(0),
  errorLimit: wholeNumber.default(4),
  inconclusiveLimit: wholeNumber.default(0),
  timeout: span.refine((ms) => ms <= LONGEST_MS, 'expected 24d at most').default(DEFAULT_MS),
  onFailure: z.enum(['rollback', 'pause', 'warn']).default('rollback'),
  dryRun: flag.default(false),
});

/** What stands for a field that is left out. */
const OMITTED = {
  initialDelay: 0,
  count: undefined,
  failureLimit: 0,
  inconclusiveLimit: 0,
  onFailure: 'warn',
  dryRun: false,
} as const;
type Omissible = keyof typeof OMITTED;

/**
 * The schema of a check in YAML; gives a {@link CheckSpec} with every default filled in. Unknown fields are
 * refused, expressions parsed, and `with` is what the metric's own schema makes of it.
 *
 * @param more fields that whoever uses it adds; they arrive as their schemas give them
 * @param without fields that mean nothing to whoever uses it, and are refused like unknown ones
 */
export function checkSchema<S extends z.ZodRawShape = Record<never, never>>(
  metrics: MetricSchemas,
  more?: S,
  without: readonly Omissible[] = [],
): z.ZodType<CheckSpec & z.output<z.ZodObject<S>>> {
  const named = { metric: text.meta({ enum: Object.keys(metrics) }) };
  const left = Object.fromEntries(without.map((field) => [field, true])) as Record<Omissible, true>;
  const schema = written
    .omit(left)
    .extend(named)
    .extend(more ?? {});
  const toSpec = schema.transform((given, context) => {
    const whole = { ...OMITTED, ...given } as Written;
    const issues = [...expressionIssues(whole), ...metricIssues(metrics, whole)];
    context.issues.push(...issues);
    return issues.length > 0 ? z.NEVER : specOf(whole, metrics, Object.keys(more ?? {}));
  });
  return toSpec as unknown as z.ZodType<CheckSpec & z.output<z.ZodObject<S>>>;
}

type Written = z.output<typeof written>;
type Problem = ReturnType<typeof wholeProblem>;

function expressionIssues(given: Written): Problem[] {
  if (given.success === undefined && given.failure === undefined) {
    const hint = 'success: value < 1000, failure: value >= 1000, or both';
    return [wholeProblem(given, [], 'neither success nor failure says what is good', hint)];
  }
  return (['success', 'failure'] as const).flatMap((field) => {
    const expression = given[field];
    return expression === undefined ? [] : expressionIssue(field, expression);
  });
}

function expressionIssue(field: string, expression: string): Problem[] {
  try {
    parseExpression(expression);
    return [];
  } catch (error) {
    if (!isQctlError(error)) throw error;
    return [wholeProblem(expression, [field], error.message, error.hint[0])];
  }
}

function metricIssues(metrics: MetricSchemas, given: Written): Problem[] {
  const { metric, with: parameters } = given;
  if (!Object.hasOwn(metrics, metric)) {
    const known = Object.keys(metrics);
    const similar = findSimilar(metric, known);
    const hint = similar ? `did you mean ${similar}?` : `known are ${known.join(', ')}`;
    return [wholeProblem(metric, ['metric'], `metric ${JSON.stringify(metric)} is not known`, hint)];
  }
  const { schema } = metrics[metric]!;
  const parsed = schema.safeParse(parameters);
  if (parsed.success) return [];
  return toIssues(parsed.error, schema, parameters).map(({ path, problem, hint }) =>
    wholeProblem(parameters, ['with', ...path], `${problem} (metric ${metric})`, hint),
  );
}

function specOf(given: Written, metrics: MetricSchemas, more: readonly string[]): CheckSpec {
  const { interval, initialDelay, timeout, success, failure, count, ...rest } = given;
  const added = Object.fromEntries(more.map((name) => [name, given[name as keyof Written]]));
  return {
    name: rest.name,
    metric: rest.metric,
    with: metrics[rest.metric]!.schema.parse(rest.with) as Record<string, unknown>,
    success: success ?? null,
    failure: failure ?? null,
    intervalMs: interval,
    initialDelayMs: initialDelay,
    count: count ?? null,
    failureLimit: rest.failureLimit,
    errorLimit: rest.errorLimit,
    inconclusiveLimit: rest.inconclusiveLimit,
    timeoutMs: timeout,
    onFailure: rest.onFailure,
    dryRun: rest.dryRun,
    ...added,
  };
}

/** Whether a check can only be judged against what was measured before the first step. */
export function usesBaseline({ success, failure }: Pick<CheckSpec, 'success' | 'failure'>): boolean {
  return [success, failure].some((text) => text !== null && parseExpression(text).names.has('baseline'));
}
