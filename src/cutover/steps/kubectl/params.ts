import * as z from 'zod';
import { duration, text } from '../common.ts';
import { type ValueSource, valueSource } from '../value.ts';

/** What is done to a workload. */
export type KubectlVerb = 'setEnv' | 'scale' | 'restart';

/** The kinds of workloads that have a pod template. */
export type WorkloadKind = 'deployment' | 'statefulset' | 'daemonset';

export interface Workload {
  kind: WorkloadKind;
  name: string;
}

/** A step, as its kind sees it: after it was expanded there is one workload. */
export interface KubectlParams {
  verb: KubectlVerb;
  on: Workload[];
  /** Null takes a variable away. */
  setEnv: Record<string, ValueSource | null>;
  replicas: number;
  /** How many there are before; null: not said. */
  from: number | null;
  container?: string;
  context?: string;
  namespace?: string;
  /** How long the rollout is waited for; null: it is not. */
  rolloutMs: number | null;
}

/** The progress deadline of a deployment. */
const ROLLOUT_MS = 600_000;
const KINDS: Record<string, WorkloadKind> = {
  deployment: 'deployment',
  deployments: 'deployment',
  deploy: 'deployment',
  statefulset: 'statefulset',
  statefulsets: 'statefulset',
  sts: 'statefulset',
  daemonset: 'daemonset',
  daemonsets: 'daemonset',
  ds: 'daemonset',
};
const VERBS: readonly KubectlVerb[] = ['setEnv', 'scale', 'restart'];
const NAME = /^[a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?$/;
const LABEL = /^[a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?$/;

const workload = text.transform((written, context): Workload => {
  const [, kindText = '', name = ''] = /^([a-z]+)\/(.+)$/.exec(written) ?? [];
  const kind = Object.hasOwn(KINDS, kindText) ? KINDS[kindText] : undefined;
  if (kind && NAME.test(name)) return { kind, name };
  context.issues.push({
    code: 'custom',
    message: 'expected deployment/NAME, statefulset/NAME or daemonset/NAME',
    input: written,
  });
  return z.NEVER;
});

const variables = z.record(
  z.string().regex(/^[-._a-zA-Z][-._a-zA-Z0-9]*$/, 'expected the name of a variable'),
  z.union([valueSource, z.null()]),
);

const count = z.number().int().min(0).max(100_000);

/** What stands behind `kubectl:` in a plan: one verb on one workload or several, one after the other. */
export const kubectlSchema = z
  .strictObject({
    setEnv: variables.refine((given) => Object.keys(given).length > 0, 'expected a variable').optional(),
    /** `from` says what there is before, and so whether its undo raises or lowers. */
    scale: z.strictObject({ replicas: count, from: count.optional() }).optional(),
    restart: z.literal(true).optional(),
    on: z.union([workload, z.array(workload).min(1)]).optional(),
    /** The same as a list of `on`: instance by instance. */
    instances: z.array(workload).min(1).optional(),
    /** Where the pods have several. */
    container: text.regex(LABEL, 'expected the name of a container').optional(),
    context: text.optional(),
    namespace: text.regex(LABEL, 'expected the name of a namespace').optional(),
    /** False: the rollout is not waited for. */
    rollout: z.union([z.boolean(), z.strictObject({ timeout: duration })]).default(true),
  })
  .refine((given) => VERBS.filter((verb) => given[verb] !== undefined).length === 1, {
    message: `expected one of ${VERBS.join(', ')}`,
  })
  .refine(({ on, instances }) => (on === undefined) !== (instances === undefined), {
    message: 'expected on or instances',
  })
  .refine((given) => !given.scale || targets(given).every(({ kind }) => kind !== 'daemonset'), {
    message: 'a daemonset cannot be scaled',
    path: ['scale'],
  })
  .transform(
    (given): KubectlParams => ({
      verb: VERBS.find((verb) => given[verb] !== undefined)!,
      on: targets(given),
      setEnv: given.setEnv ?? {},
      replicas: given.scale?.replicas ?? 0,
      from: given.scale?.from ?? null,
      container: given.container,
      context: given.context,
      namespace: given.namespace,
      rolloutMs: timeoutOf(given.rollout),
    }),
  );

function targets({ on, instances }: { on?: Workload | Workload[]; instances?: Workload[] }): Workload[] {
  return [on ?? instances ?? []].flat();
}

function timeoutOf(rollout: boolean | { timeout: number }): number | null {
  if (typeof rollout === 'object') return rollout.timeout;
  return rollout ? ROLLOUT_MS : null;
}
