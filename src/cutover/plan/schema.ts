import * as z from 'zod';
import { backDrain } from '../../config/drain-step.ts';
import { variablesSchema } from '../../config/plan-variables.ts';
import { timeLimit } from '../../config/schema.ts';
import type { AnyStepKind } from '../step.ts';
import { argv, duration, text } from '../steps/common.ts';
import { plannedCheck } from './check-schema.ts';

/** A name that files, keys and locks can bear. */
const name = z
  .string()
  .regex(
    /^[A-Za-z0-9][\w.-]{0,63}$/,
    'expected up to 64 letters, digits, . _ and -, such as orders-to-redis',
  );

/** What every step may say, those that undo included. */
const common = {
  name: text.optional(),
  timeout: timeLimit.optional(),
  retries: z.number().int().min(0).max(1000).optional(),
  retryDelay: duration.optional(),
  repeatable: z.boolean().optional(),
  /** A command that says whether it is so already: exit code 0, it is. */
  check: argv.optional(),
};

/** What stands behind a step besides its kind. */
export interface WrittenStep {
  name?: string;
  timeout?: number;
  retries?: number;
  retryDelay?: number;
  repeatable?: boolean;
  check?: string[];
  stage?: string;
  undoTimeout?: number;
  undo?: 'auto' | 'none' | WrittenStep[];
  pointOfNoReturn?: boolean;
  onFailure?: 'rollback' | 'pause';
  confirm?: boolean | string;
  /** Of a stage. */
  steps?: WrittenStep[];
  /** The kind, by its name. */
  [kind: string]: unknown;
}

const NOTIFIED = [
  'started',
  'waiting',
  'paused',
  'rollingBack',
  'completed',
  'rolledBack',
  'failed',
] as const;

/** Kinds that may tell somebody. */
const TELLING = new Set(['notify', 'http', 'exec']);

/** `apiVersion: qctl/v1`, with the steps that these kinds make possible. That each step is of one kind is not said here. */
export function planSchema(kinds: readonly AnyStepKind[]) {
  const behind = shapeOf(kinds);
  const undoStep = z.strictObject({ ...common, ...behind });
  const step = z.strictObject({
    ...common,
    stage: text.optional(),
    undoTimeout: timeLimit.optional(),
    undo: z
      .union([z.enum(['auto', 'none']), z.array(undoStep).min(1)], 'expected auto, none or a list of steps')
      .optional(),
    pointOfNoReturn: z.boolean().optional(),
    onFailure: z.enum(['rollback', 'pause']).optional(),
    confirm: z.union([z.boolean(), text], 'expected true or a question').optional(),
    ...behind,
  });
  return z.strictObject({
    apiVersion: z.literal('qctl/v1'),
    name,
    profile: text.optional(),
    variables: variablesSchema.optional(),
    window: window.optional(),
    lock: name.optional(),
    preflight: z.strictObject({ checks: z.array(text) }).optional(),
    baseline: z.strictObject({ duration }).optional(),
    checks: z.array(plannedCheck).optional(),
    freezes: z.array(freeze).optional(),
    steps: z.array(step.extend({ steps: z.array(step).optional() })),
    rollback: rollback.optional(),
    notify: z
      .array(
        z.strictObject({
          on: z.union([z.enum(NOTIFIED).transform((one) => [one]), z.array(z.enum(NOTIFIED)).min(1)]),
          ...shapeOf(kinds.filter((kind) => TELLING.has(kind.name))),
        }),
      )
      .optional(),
  });
}

/** A plan as {@link planSchema} gives it. */
export type WrittenPlan = z.output<ReturnType<typeof planSchema>>;

function shapeOf(kinds: readonly AnyStepKind[]): Record<string, z.ZodOptional<z.ZodType>> {
  return Object.fromEntries(kinds.map((kind) => [kind.name, kind.schema.optional()]));
}

const moment = text.refine(
  (given) => /^([01]\d|2[0-3]):[0-5]\d$/.test(given) || isInstant(given),
  'expected a time of day such as 02:00, or 2026-11-22T02:00:00Z',
);

function isInstant(given: string): boolean {
  return (
    /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(given) &&
    !Number.isNaN(Date.parse(given))
  );
}

const timezone = text.refine((given) => {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: given }) !== undefined;
  } catch {
    return false;
  }
}, 'expected the name of a time zone such as Europe/Berlin');

const window = z.strictObject({
  notBefore: moment.optional(),
  notAfter: moment.optional(),
  timezone: timezone.optional(),
  jitter: duration.optional(),
});

const freeze = z.strictObject({
  name: text.optional(),
  /** The pause begins with the start of this step. */
  from: text,
  /** And ends with the end of this one. */
  to: text,
  maxPause: timeLimit,
});

const rollback = z.strictObject({
  budget: duration.optional(),
  health: z.array(text).optional(),
  /** Of every undo whose step says nothing else. */
  undoTimeout: timeLimit.optional(),
  healthTimeout: timeLimit.optional(),
  returns: z.array(backDrain).optional(),
  onInterrupt: z.boolean().optional(),
  keep: duration.optional(),
});
