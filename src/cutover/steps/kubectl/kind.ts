import type * as z from 'zod';
import { QctlError } from '../../../errors.ts';
import type { Backup } from '../../backup.ts';
import { type StepOutline, type StepResult, type StepWorld, stepKind, type UndoOutline } from '../../step.ts';
import { commandError, order, query } from '../command.ts';
import { resolveValue } from '../value.ts';
import {
  changedSince,
  containerOf,
  envPatch,
  hasEnv,
  type PriorEnv,
  priorEnv,
  restoringPatch,
} from './env.ts';
import { type KubectlParams, kubectlSchema, type Workload } from './params.ts';
import { preflightWorkload } from './preflight.ts';
import {
  type Cluster,
  getWorkload,
  isRolledOut,
  kubectl,
  nameOf,
  patchWorkload,
  untilNoPods,
  untilRolledOut,
  type WorkloadObject,
} from './workload.ts';

/** Where the workload was found, and how. The values of variables stand in a backup: they may be secret. */
type KubectlMemento = {
  /** Of then: what is the current one may be another at a rollback. */
  context: string | null;
  namespace: string | null;
  replicas: number;
  container: string | null;
  backup: Backup | null;
};

const ORDER_MS = 60_000;

/** Changes variables and replicas of workloads in Kubernetes, waits for the rollout, and puts them back. */
export const kubectlStep = stepKind<KubectlParams, KubectlMemento>({
  name: 'kubectl',
  schema: kubectlSchema as unknown as z.ZodType<KubectlParams>,
  expand: (params) =>
    params.on.length === 1
      ? [{ suffix: null, params }]
      : params.on.map((on) => ({ suffix: nameOf(on), params: { ...params, on: [on] } })),
  outline: (params) => outlineOf(params),
  preflight: (params, world) => preflightWorkload(only(params), params, { ...params, world }),
  check,
  capture,
  apply: async (params, world, memento) => {
    const cluster = { context: memento.context, namespace: memento.namespace, world };
    return waitingOver(world, () => apply(params, cluster));
  },
  undo: async (params, world, memento) => {
    const cluster = { context: memento.context, namespace: memento.namespace, world };
    return waitingOver(world, () => undo(params, cluster, memento));
  },
});

/** The planner expands before it asks for anything else. */
function only({ on }: KubectlParams): Workload {
  if (on.length !== 1) throw new Error('a kubectl step must be expanded first');
  return on[0]!;
}

async function waitingOver<T>(world: StepWorld, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } finally {
    world.waiting(null);
  }
}

function outlineOf(params: KubectlParams): StepOutline {
  const name = nameOf(only(params));
  const does = {
    setEnv: `set ${Object.keys(params.setEnv).join(', ')} on ${name}`,
    scale: `scale ${name} to ${params.replicas}`,
    restart: `restart ${name}`,
  }[params.verb];
  const timeoutMs = ORDER_MS + (params.rolloutMs ?? 0);
  return {
    does,
    undo: { ...undoOf(params, name), timeoutMs },
    repeatable: true,
    earliestMs: 0,
    timeoutMs,
    asks: null,
  };
}

function undoOf(params: KubectlParams, name: string): Omit<UndoOutline, 'timeoutMs'> {
  const resource = `kubectl:${params.context ?? ''}/${params.namespace ?? ''}/${name}`;
  if (params.verb === 'setEnv')
    return { does: `put ${Object.keys(params.setEnv).join(', ')} of ${name} back`, order: 'plain', resource };
  if (params.verb === 'restart') return { does: `restart ${name}`, order: 'refresh', resource };
  const { replicas, from } = params;
  const does = `scale ${name} back${from === null ? '' : ` to ${from}`}`;
  const raises = from === null ? replicas === 0 : from > replicas;
  return { does, order: raises ? 'raise' : 'lower', resource };
}

async function wantedEnv(
  { setEnv }: KubectlParams,
  world: StepWorld,
): Promise<Record<string, string | null>> {
  const wanted: Record<string, string | null> = {};
  for (const [name, source] of Object.entries(setEnv))
    wanted[name] = source === null ? null : await resolveValue(source, world, `kubectl.setEnv.${name}`);
  return wanted;
}

/** A step that was begun is looked for where it was begun: the current context may be another by now. */
async function check(
  params: KubectlParams,
  world: StepWorld,
  memento?: KubectlMemento | null,
): Promise<'done' | 'undone' | 'unknown'> {
  if (params.verb === 'restart') return 'unknown';
  const context = params.context ?? memento?.context ?? undefined;
  const object = await getWorkload(only(params), { ...params, context, world });
  const settled = params.rolloutMs === null || isRolledOut(object);
  // What still ends has no place in the status: a step that is to wait for it has more to do.
  if (params.verb === 'scale')
    return object.spec.replicas === params.replicas && settled && params.replicas > 0 ? 'done' : 'undone';
  const env = containerFor(params, object).env ?? [];
  return hasEnv(env, await wantedEnv(params, world)) && settled ? 'done' : 'undone';
}

async function capture(params: KubectlParams, world: StepWorld): Promise<KubectlMemento> {
  const context = params.context ?? (await currentContext(world));
  const object = await getWorkload(only(params), { ...params, context, world });
  const where = { context, namespace: object.metadata.namespace ?? params.namespace ?? null };
  const replicas = object.spec.replicas ?? 1;
  if (params.verb !== 'setEnv') return { ...where, replicas, container: null, backup: null };
  const { name, env = [] } = containerFor(params, object);
  const prior = Buffer.from(JSON.stringify(priorEnv(env, Object.keys(params.setEnv))));
  return { ...where, replicas, container: name, backup: await world.backups.keepBytes(prior) };
}

/** Null inside a cluster, where kubectl needs none. */
async function currentContext(world: StepWorld): Promise<string | null> {
  const outcome = await query(world, ['kubectl', 'config', 'current-context']);
  return (outcome.ended === 'ok' && outcome.stdout.trim()) || null;
}

function containerFor(
  params: KubectlParams,
  object: WorkloadObject,
): NonNullable<ReturnType<typeof containerOf>> {
  const container = containerOf(object, params.container);
  if (container) return container;
  const names = object.spec.template.spec.containers.map(({ name }) => name).join(', ');
  throw new QctlError(
    'refused',
    `${nameOf(only(params))} has the containers ${names}: which one is not clear`,
    {
      code: 'CONTAINER_UNCLEAR',
      hint: ['name it with container:'],
    },
  );
}

async function apply(params: KubectlParams, cluster: Cluster): Promise<StepResult> {
  const on = only(params);
  if (params.verb === 'scale') return scale(on, params.replicas, params.rolloutMs, cluster);
  if (params.verb === 'restart') return restart(on, params.rolloutMs, cluster);
  const container = containerFor(params, await getWorkload(on, cluster));
  await patchWorkload(on, envPatch(container.name, await wantedEnv(params, cluster.world)), cluster);
  if (params.rolloutMs !== null) await untilRolledOut(on, params.rolloutMs, cluster);
  return {
    text: `${nameOf(on)} has ${Object.keys(params.setEnv).join(', ')} as wanted${through(params.rolloutMs)}`,
  };
}

function through(rolloutMs: number | null): string {
  return rolloutMs === null ? '' : ', rollout through';
}

async function undo(params: KubectlParams, cluster: Cluster, memento: KubectlMemento): Promise<StepResult> {
  const on = only(params);
  if (params.verb === 'scale') return scale(on, memento.replicas, params.rolloutMs, cluster);
  if (params.verb === 'restart') return restart(on, params.rolloutMs, cluster);
  const bytes = await cluster.world.backups.read(memento.backup!);
  const prior = JSON.parse(bytes.toString()) as PriorEnv;
  const { env = [] } = containerOf(await getWorkload(on, cluster), memento.container!) ?? {};
  const wanted = await wantedEnv(params, cluster.world).catch(() => undefined);
  const foreign = wanted ? changedSince(env, prior, wanted) : [];
  await patchWorkload(on, restoringPatch(memento.container!, prior), cluster);
  if (params.rolloutMs !== null) await untilRolledOut(on, params.rolloutMs, cluster);
  const names = Object.keys(prior.entries).join(', ');
  const left = [
    `${foreign.join(', ')} of ${nameOf(on)} had been changed by others since; that was overwritten`,
  ];
  return {
    text: `${nameOf(on)} has ${names} as before${through(params.rolloutMs)}`,
    ...(foreign.length > 0 && { left }),
  };
}

async function scale(
  on: Workload,
  replicas: number,
  rolloutMs: number | null,
  cluster: Cluster,
): Promise<StepResult> {
  const outcome = await order(cluster.world, kubectl(cluster, 'scale', nameOf(on), `--replicas=${replicas}`));
  if (outcome.ended !== 'ok')
    throw commandError(outcome, `scale ${nameOf(on)} to ${replicas}`, cluster.world);
  if (rolloutMs !== null && replicas > 0) await untilRolledOut(on, rolloutMs, cluster);
  if (rolloutMs !== null && replicas === 0) await untilNoPods(on, await getWorkload(on, cluster), cluster);
  return { text: `${nameOf(on)} has ${replicas} replicas`, positions: { replicas } };
}

async function restart(on: Workload, rolloutMs: number | null, cluster: Cluster): Promise<StepResult> {
  const outcome = await order(cluster.world, kubectl(cluster, 'rollout', 'restart', nameOf(on)));
  if (outcome.ended !== 'ok') throw commandError(outcome, `restart ${nameOf(on)}`, cluster.world);
  if (rolloutMs !== null) await untilRolledOut(on, rolloutMs, cluster);
  return { text: `${nameOf(on)} was restarted${through(rolloutMs)}` };
}
