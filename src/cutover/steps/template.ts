import type { StepWorld } from '../step.ts';

/** `{{run}}`, `{{plan}}`, `{{step}}`, `{{state}}` and `{{why}}` in a text; anything else in braces stays. */
export function fillIn(template: string, world: StepWorld): string {
  const values = placeholders(world);
  return template.replace(/\{\{\s*(\w+)\s*\}\}/g, (all, name: string) => values[name] ?? all);
}

/** What the placeholders stand for; state and reason are those that the runner gives to commands. */
export function placeholders(world: StepWorld): Record<string, string> {
  const { run, plan, step, variables } = world;
  return {
    run,
    plan,
    step,
    state: variables.QCTL_STATE ?? 'running',
    why: world.redact(variables.QCTL_WHY ?? ''),
  };
}
