import * as z from 'zod';
import { drainSchema } from '../../src/config/drain-step.ts';
import { type AnyStepKind, type StepOutline, stepKind } from '../../src/cutover/step.ts';
import { argv, duration, text } from '../../src/cutover/steps/common.ts';
import { STEP_KINDS } from '../../src/cutover/steps/index.ts';

const nothing = { repeatable: true, earliestMs: 0, timeoutMs: 30_000, asks: null };

/** A kind that is read and never run. */
function kind<P>(
  name: string,
  schema: z.ZodType<P>,
  outline: (params: P) => Partial<StepOutline> & Pick<StepOutline, 'does' | 'undo'>,
  expand?: (params: P) => { suffix: string; params: P }[],
): AnyStepKind {
  const never = () => Promise.reject(new Error('this kind is only read'));
  return stepKind<P, null>({
    name,
    schema,
    outline: (params) => ({ ...nothing, ...outline(params) }),
    ...(expand && { expand }),
    check: never,
    capture: never,
    apply: never,
    undo: never,
  });
}

const units = z.union([text.transform((one) => [one]), z.array(text).min(1)]);
const undone = (does: string) => ({ does, order: 'plain' as const, timeoutMs: 10_000 });

const systemdSchema = z.strictObject({
  stop: units.optional(),
  start: units.optional(),
  restart: units.optional(),
  enable: units.optional(),
  daemonReload: z.boolean().optional(),
  user: z.boolean().optional(),
});

/** Kinds of the shapes that plans use, for what is only read. */
export const SOME_KINDS: readonly AnyStepKind[] = [
  kind(
    'exec',
    z.union([
      argv.transform((run) => ({ run })),
      z.strictObject({ run: argv, undo: argv.optional(), check: argv.optional(), shell: text.optional() }),
    ]),
    (given) => ({
      does: `run ${given.run.join(' ')}`,
      undo: 'undo' in given && given.undo ? undone(`run ${given.undo.join(' ')}`) : 'missing',
      repeatable: false,
    }),
  ),
  kind('systemd', systemdSchema, (given) => {
    const [verb = 'reload', named = ['daemon']] = Object.entries(given)[0] as [string, string[]];
    return { does: `${verb} ${named}`, undo: undone(`undo ${verb} ${named}`) };
  }),
  kind(
    'kubectl',
    z.strictObject({
      setEnv: z.record(z.string(), z.string()).optional(),
      on: text.optional(),
      instances: z.array(text).optional(),
      scale: z.strictObject({ replicas: z.number().int() }).optional(),
    }),
    ({ on }) => ({ does: `change ${on}`, undo: undone(`put ${on} back`) }),
  ),
  kind(
    'envFile',
    z.strictObject({
      file: text,
      set: z.record(z.string(), z.union([z.string(), z.number()])).optional(),
      remove: z.array(text).optional(),
    }),
    ({ file }) => ({ does: `change ${file}`, undo: { ...undone(`restore ${file}`), order: 'file' } }),
  ),
  kind('drain', drainSchema, (given) => ({
    does: 'to' in given ? `give back to ${given.to}` : `drain ${given.source}`,
    undo: 'group' in given ? { ...undone('give back'), order: 'return' } : 'missing',
  })),
  kind(
    'route',
    z.strictObject({
      name: text,
      percent: z.union([z.number(), z.array(z.number()).min(1)]),
      hold: duration.optional(),
      checks: z.array(text).optional(),
    }),
    ({ name, percent, hold }) => ({
      does: `route ${name} ${percent}%`,
      undo: undone(`route ${name} as before`),
      earliestMs: hold ?? 0,
    }),
    (params) =>
      Array.isArray(params.percent)
        ? params.percent.map((percent) => ({ suffix: String(percent), params: { ...params, percent } }))
        : [{ suffix: String(params.percent), params }],
  ),
  kind(
    'wait',
    z.union([
      z.strictObject({ for: duration }),
      z.strictObject({
        until: z.strictObject({ metric: text, with: z.record(z.string(), z.unknown()), success: text }),
        atMost: duration,
      }),
    ]),
    (given) => ({ does: 'wait', undo: 'nothing', earliestMs: 'for' in given ? given.for : 0 }),
  ),
  kind(
    'monitor',
    z.strictObject({ for: duration, checks: z.union([z.literal('all'), z.array(text)]).optional() }),
    ({ for: ms }) => ({ does: 'watch', undo: 'nothing', earliestMs: ms }),
  ),
  kind(
    'approve',
    z.strictObject({ text, file: text.optional(), url: text.optional() }),
    ({ text: asked }) => ({ does: `ask: ${asked}`, undo: 'nothing', asks: asked }),
  ),
  kind(
    'http',
    z.strictObject({ url: text, method: text.optional(), expect: z.unknown().optional() }),
    ({ url }) => ({ does: `call ${url}`, undo: 'missing' }),
  ),
  kind('notify', z.record(z.string(), z.unknown()), () => ({ does: 'tell', undo: 'nothing' })),
];

/** The real ones, and these for what is not there. */
export const KINDS: readonly AnyStepKind[] = [
  ...STEP_KINDS,
  ...SOME_KINDS.filter((some) => !STEP_KINDS.some(({ name }) => name === some.name)),
];
