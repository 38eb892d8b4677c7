import type { EnvEntry, WorkloadObject } from './workload.ts';

/** How variables of a container were: each entry as it stood, null where there was none. */
export interface PriorEnv {
  entries: Record<string, EnvEntry | null>;
  /** The names of all variables, in their order: a variable can refer only to those before it. */
  order: string[];
}

/** The container that is meant: the one that is named, or the only one; undefined where it cannot be told. */
export function containerOf(
  object: WorkloadObject,
  named?: string,
): { name: string; env?: EnvEntry[] } | undefined {
  const { containers } = object.spec.template.spec;
  if (named === undefined) return containers.length === 1 ? containers[0] : undefined;
  return containers.find(({ name }) => name === named);
}

/** What stands there of some variables now. */
export function priorEnv(env: readonly EnvEntry[], names: readonly string[]): PriorEnv {
  const entries = names.map((name) => [name, env.find((entry) => entry.name === name) ?? null]);
  return { entries: Object.fromEntries(entries), order: env.map(({ name }) => name) };
}

/** Whether each variable has the value that is wanted; null: there is none. */
export function hasEnv(env: readonly EnvEntry[], wanted: Readonly<Record<string, string | null>>): boolean {
  return Object.entries(wanted).every(([name, value]) => {
    const entry = env.find((one) => one.name === name);
    if (value === null) return entry === undefined;
    return entry !== undefined && entry.valueFrom === undefined && (entry.value ?? '') === value;
  });
}

/** Names of variables that are neither as they were nor as they were set: others have changed them since. */
export function changedSince(
  env: readonly EnvEntry[],
  { entries }: PriorEnv,
  wanted: Readonly<Record<string, string | null>>,
): string[] {
  return Object.keys(entries).filter((name) => {
    const now = env.find((one) => one.name === name) ?? null;
    const asBefore = JSON.stringify(now) === JSON.stringify(entries[name]);
    return !asBefore && !hasEnv(env, { [name]: wanted[name] ?? null });
  });
}

/** The patch that gives variables their values. */
export function envPatch(container: string, wanted: Readonly<Record<string, string | null>>): object {
  const env = Object.entries(wanted).map(([name, value]) =>
    value === null ? { name, $patch: 'delete' } : { name, value, valueFrom: null },
  );
  return templatePatch({ name: container, env });
}

/** The patch that puts variables back, references as references, and each at the place it had. */
export function restoringPatch(container: string, { entries, order }: PriorEnv): object {
  const back = order.flatMap((name) => entries[name] ?? []);
  const gone = Object.keys(entries).filter((name) => entries[name] === null);
  return templatePatch({
    name: container,
    '$setElementOrder/env': order.map((name) => ({ name })),
    // The cluster wants the entries in the order that it is given.
    env: [
      ...back.map(({ name, value, valueFrom }) =>
        valueFrom === undefined
          ? { name, value: value ?? '', valueFrom: null }
          : { name, value: null, valueFrom },
      ),
      ...gone.map((name) => ({ name, $patch: 'delete' })),
    ],
  });
}

function templatePatch(container: object): object {
  return { spec: { template: { spec: { containers: [container] } } } };
}
