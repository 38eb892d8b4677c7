import { list, mapping, type RecipeInputs } from './recipe.ts';

/** Whether the new workers are the old ones with other settings. */
export function isInPlace({ newUnits, deployments }: RecipeInputs): boolean {
  return deployments.length > 0 || newUnits.length === 0;
}

/** Steps that start new workers beside the old ones. */
export function startNew({ newUnits }: RecipeInputs): string[] {
  return ['- name: start-new', `  systemd: { start: ${list(newUnits)} }`];
}

/** Steps after which no old worker takes a message any more. */
export function stopOld(inputs: RecipeInputs): string[] {
  const { oldUnits, deployments } = inputs;
  if (!isInPlace(inputs)) return ['- name: stop-old', `  systemd: { stop: ${list(oldUnits)} }`];
  return switched(inputs, oldUnits, deployments, 'workers');
}

/** Steps that let producers write to the stream; none where nothing needs to be said to them. */
export function switchProducers(inputs: RecipeInputs): string[] {
  const { producers, deployments } = inputs;
  if (producers.length === 0) return [];
  return deployments.length > 0
    ? switched(inputs, [], producers, 'producers')
    : switched(inputs, producers, [], 'producers');
}

function switched(
  { envFile, env }: RecipeInputs,
  units: readonly string[],
  deployments: readonly string[],
  who: string,
): string[] {
  if (deployments.length > 0)
    return deployments.flatMap((name) => [
      `- name: switch-${name}`,
      `  kubectl: { setEnv: ${mapping(env)}, on: deployment/${name} }`,
    ]);
  const file = envFile
    ? [
        `- name: ${who}-settings`,
        `  envFile: { file: ${list([envFile]).slice(1, -1)}, set: ${mapping(env)} }`,
      ]
    : [];
  return [...file, `- name: restart-${who}`, `  systemd: { restart: ${list(units)} }`];
}

/** Name of the first step of {@link stopOld}, with which the pause begins. */
export function firstOf(steps: readonly string[]): string {
  return steps[0]!.replace('- name: ', '');
}
