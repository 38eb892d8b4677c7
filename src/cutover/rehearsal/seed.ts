import { runProgram } from '../../backends/process/index.ts';
import type { CutoverHost } from '../host.ts';
import type { PlannedStep } from '../plan-types.ts';
import type { StepWorld } from '../step.ts';
import type { ComposeParams } from '../steps/compose/params.ts';
import { stateOf } from '../steps/compose/service.ts';
import type { KubectlParams } from '../steps/kubectl/params.ts';
import { getWorkload } from '../steps/kubectl/workload.ts';
import type { SystemdParams } from '../steps/systemd/params.ts';
import { showUnit } from '../steps/systemd/unit.ts';
import type { StubSeed } from './stubs/index.ts';
import { withUndo } from './with-undo.ts';

/**
 * How the services of a plan stand in reality, for their stand-ins. Looks only. What cannot be asked, as where
 * there is no systemd, is left out, and told: it is then as a fresh one would be.
 */
export async function seedOf(
  steps: readonly PlannedStep[],
  host: CutoverHost,
  note: (text: string) => void,
  signal: AbortSignal,
): Promise<StubSeed> {
  const world = lookingWorld(host, signal);
  const seed = { units: {}, workloads: {}, services: {} } satisfies StubSeed;
  for (const { id, kind, params } of steps.flatMap(withUndo)) {
    const look = LOOKS[kind.name];
    await look?.(seed, params, world).catch((error: Error) =>
      note(
        `step ${id} is rehearsed as if it were all new, since nobody says how things stand: ${error.message}`,
      ),
    );
    signal.throwIfAborted();
  }
  return seed;
}

type Look = (seed: Required<StubSeed>, params: unknown, world: StepWorld) => Promise<void>;

const LOOKS: Readonly<Record<string, Look>> = {
  async systemd(seed, params, world) {
    const { actions, user } = params as SystemdParams;
    for (const { unit } of actions) {
      if (unit === null) continue;
      const { loadState, activeState, subState, result, unitFileState, type } = await showUnit(unit, {
        user,
        world,
      });
      seed.units[user ? `user:${unit}` : unit] = {
        LoadState: loadState,
        ActiveState: activeState,
        SubState: subState,
        Result: result,
        UnitFileState: unitFileState,
        Type: type,
      };
    }
  },
  async kubectl(seed, params, world) {
    const { on, context, namespace } = params as KubectlParams;
    for (const workload of on) {
      const object = await getWorkload(workload, { context, namespace, world });
      const kind = workload.kind.charAt(0).toUpperCase() + workload.kind.slice(1);
      seed.workloads[`${namespace ?? 'default'}/${KINDS[kind] ?? kind}/${workload.name}`] = object;
    }
  },
  async compose(seed, params, world) {
    const { services, files, project } = params as ComposeParams;
    for (const { name } of services) {
      const { containers, running } = await stateOf(name, { files, project, world });
      seed.services[`${project ?? 'sandbox'}/${name}`] = { containers, running };
    }
  },
};

const KINDS: Readonly<Record<string, string>> = { Statefulset: 'StatefulSet', Daemonset: 'DaemonSet' };

/** Enough of a world to look at services. */
function lookingWorld(host: CutoverHost, signal: AbortSignal): StepWorld {
  const world: Pick<StepWorld, 'host' | 'signal' | 'variables' | 'command' | 'redact'> = {
    host,
    signal,
    variables: {},
    redact: () => '',
    command: (options) => runProgram({ ...options, env: { ...(options.env ?? host.env) }, signal }),
  };
  return world as StepWorld;
}
