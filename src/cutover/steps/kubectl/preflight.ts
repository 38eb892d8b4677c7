import { isQctlError } from '../../../errors.ts';
import type { Finding } from '../../../model/finding.ts';
import { containerOf } from './env.ts';
import type { KubectlParams, Workload } from './params.ts';
import { type Cluster, getWorkload, nameOf, type WorkloadObject } from './workload.ts';

/** Whether kubectl reaches the cluster and finds what is to be changed. */
export async function preflightWorkload(
  on: Workload,
  params: KubectlParams,
  cluster: Cluster,
): Promise<Finding[]> {
  try {
    const object = await getWorkload(on, cluster);
    return [
      ...placeOf(params),
      ...containerFindings(on, params, object),
      ...countFindings(on, params, object),
    ];
  } catch (error) {
    if (!isQctlError(error)) throw error;
    const missing = error.code === 'COMMAND_MISSING' || error.code === 'COMMAND_NOT_EXECUTABLE';
    return [
      {
        level: 'blocker',
        code: missing ? 'KUBECTL_MISSING' : 'WORKLOAD_UNREACHABLE',
        text: missing ? 'kubectl is not found on PATH' : error.message,
        remedy: error.hint.join('; ') || 'check the context, the namespace and the name',
      },
    ];
  }
}

function placeOf({ context }: KubectlParams): Finding[] {
  if (context !== undefined) return [];
  return [
    {
      level: 'warning',
      code: 'CONTEXT_NOT_NAMED',
      text: 'the plan names no context: kubectl takes the one that is current when the step begins',
      remedy: 'name it with context:',
    },
  ];
}

function containerFindings(
  on: Workload,
  { verb, container }: KubectlParams,
  object: WorkloadObject,
): Finding[] {
  if (verb !== 'setEnv' || containerOf(object, container)) return [];
  const names = object.spec.template.spec.containers.map(({ name }) => name).join(', ');
  return [
    {
      level: 'blocker',
      code: 'CONTAINER_UNCLEAR',
      text: `${nameOf(on)} has the containers ${names}${container ? `, and no ${container}` : ''}`,
      remedy: 'name the one that is meant with container:',
    },
  ];
}

function countFindings(on: Workload, { verb, from }: KubectlParams, { spec }: WorkloadObject): Finding[] {
  if (verb !== 'scale' || from === null || from === (spec.replicas ?? 1)) return [];
  return [
    {
      level: 'warning',
      code: 'REPLICAS_OTHER',
      text: `${nameOf(on)} has ${spec.replicas ?? 1} replicas, and the plan expects ${from}`,
    },
  ];
}
