import type { RunOutcome } from '../../../backends/process/index.ts';
import { QctlError } from '../../../errors.ts';
import { pause } from '../../../model/patience.ts';
import type { StepWorld } from '../../step.ts';
import { commandError, order, query } from '../command.ts';
import type { Workload } from './params.ts';

/** An entry of a container's `env`, as the cluster has it. */
export interface EnvEntry {
  name: string;
  value?: string;
  valueFrom?: unknown;
}

/** A workload as `kubectl get -o json` gives it, as far as steps look at it. */
export interface WorkloadObject {
  metadata: { name: string; namespace?: string; generation?: number };
  spec: {
    replicas?: number;
    selector?: { matchLabels?: Record<string, string>; matchExpressions?: Requirement[] };
    template: { spec: { containers: { name: string; env?: EnvEntry[] }[] } };
  };
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    availableReplicas?: number;
  };
}

interface Requirement {
  key: string;
  operator: string;
  values?: string[];
}

/** Which cluster, which namespace, in which world. */
export interface Cluster {
  context?: string | null;
  namespace?: string | null;
  world: StepWorld;
}

/** Large objects carry their whole history in annotations. */
const OBJECT_BYTES = 4 * 1024 * 1024;
const LOOK_MS = 200;

/** Program, place, and a limit for each request: a server that is away is found out about. */
export function kubectl({ context, namespace }: Omit<Cluster, 'world'>, ...rest: string[]): string[] {
  return [
    'kubectl',
    ...(context ? [`--context=${context}`] : []),
    ...(namespace ? [`--namespace=${namespace}`] : []),
    ...rest,
  ];
}

/** `deployment/worker`. */
export function nameOf({ kind, name }: Workload): string {
  return `${kind}/${name}`;
}

/** Reads a workload. Its values may be secret: nothing of them goes into an error. */
export async function getWorkload(on: Workload, cluster: Cluster): Promise<WorkloadObject> {
  const argv = kubectl(cluster, 'get', nameOf(on), '--output=json', '--request-timeout=15s');
  const outcome = await query(cluster.world, argv, { stdoutBytes: OBJECT_BYTES });
  if (outcome.ended !== 'ok') throw commandError(outcome, `kubectl get ${nameOf(on)}`, cluster.world);
  try {
    const object = JSON.parse(outcome.stdout) as WorkloadObject;
    if (Array.isArray(object.spec.template.spec.containers)) return object;
  } catch {}
  throw new QctlError('failed', `kubectl get ${nameOf(on)} gave no workload`, {
    code: 'WORKLOAD_UNREADABLE',
    hint: [`kubectl get ${nameOf(on)} --output=json`],
  });
}

/** Whether all replicas are those of the last change, and available. */
export function isRolledOut({ metadata, spec, status = {} }: WorkloadObject): boolean {
  const wanted = spec.replicas ?? 1;
  const { observedGeneration = 0, replicas = 0, updatedReplicas = 0, availableReplicas = 0 } = status;
  const all = replicas === wanted && updatedReplicas === wanted && availableReplicas === wanted;
  return observedGeneration >= (metadata.generation ?? 0) && all;
}

/** Changes a workload by a patch that no other process can read. Tried again once where somebody else changed it. */
export async function patchWorkload(on: Workload, patch: unknown, cluster: Cluster): Promise<void> {
  // Through stdin: arguments can be read by everybody on the host. kubectl knows no `-` here.
  const argv = kubectl(
    cluster,
    'patch',
    nameOf(on),
    '--type=strategic',
    '--patch-file=/dev/stdin',
    '--output=name',
  );
  const send = (): Promise<RunOutcome> => order(cluster.world, argv, { stdin: JSON.stringify(patch) });
  let outcome = await send();
  if (outcome.ended === 'failed' && /Conflict|has been modified/i.test(outcome.tail)) outcome = await send();
  if (outcome.ended !== 'ok') throw commandError(outcome, `kubectl patch ${nameOf(on)}`, cluster.world);
}

/** Waits until a rollout is through. */
export async function untilRolledOut(on: Workload, timeoutMs: number, cluster: Cluster): Promise<void> {
  const { world } = cluster;
  world.waiting(`until the rollout of ${nameOf(on)} is through`);
  const timeout = `--timeout=${Math.max(1, Math.ceil(timeoutMs / 1000))}s`;
  const outcome = await query(world, kubectl(cluster, 'rollout', 'status', nameOf(on), timeout), {
    // kubectl ends it; this is for one that does not.
    timeoutMs: timeoutMs + 15_000,
  });
  if (outcome.ended === 'ok') return;
  throw commandError(outcome, `rollout of ${nameOf(on)}`, world, {
    code: 'ROLLOUT_FAILED',
    hint: [kubectl(cluster, 'describe', nameOf(on)).join(' '), kubectl(cluster, 'get', 'pods').join(' ')],
  });
}

/** Waits until no pod is left. Those that are still ending count as none for the workload, and may be at work. */
export async function untilNoPods(on: Workload, object: WorkloadObject, cluster: Cluster): Promise<void> {
  const { world } = cluster;
  const argv = kubectl(cluster, 'get', 'pods', `--selector=${selectorOf(object)}`, '--output=name');
  argv.push('--field-selector=status.phase!=Succeeded,status.phase!=Failed', '--request-timeout=15s');
  for (;;) {
    const outcome = await query(world, argv);
    if (outcome.ended !== 'ok') throw commandError(outcome, `pods of ${nameOf(on)}`, world);
    const left = outcome.stdout.split('\n').filter((line) => line.trim() !== '').length;
    if (left === 0) return;
    world.waiting(`until ${left} of ${nameOf(on)} have ended`);
    await pause(LOOK_MS, world.signal);
    if (world.signal.aborted)
      throw new QctlError('failed', `${nameOf(on)}: ${left} pods have not ended in their time`, {
        code: 'PODS_LEFT',
        hint: [argv.join(' ')],
      });
  }
}

function selectorOf({ spec: { selector = {} } }: WorkloadObject): string {
  const labels = Object.entries(selector.matchLabels ?? {}).map(([key, value]) => `${key}=${value}`);
  const expressions = (selector.matchExpressions ?? []).map(({ key, operator, values = [] }) => {
    if (operator === 'Exists') return key;
    if (operator === 'DoesNotExist') return `!${key}`;
    return `${key} ${operator === 'In' ? 'in' : 'notin'} (${values.join(',')})`;
  });
  return [...labels, ...expressions].join(',');
}
