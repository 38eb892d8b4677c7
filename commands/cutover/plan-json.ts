import { hideSecrets } from '../../src/config/redact.ts';
import { arithmetic, type CutoverPlan, type PlannedStep } from '../../src/cutover/index.ts';

/** A plan as `-o json` prints it: no kinds, no text, no secrets. */
export function planToJson(plan: CutoverPlan): object {
  const { text: _, secrets, steps, notify, ...rest } = plan;
  return hidden(
    {
      ...rest,
      secrets: secrets.length,
      steps: steps.map(stepToJson),
      notify: notify.map(({ on, step }) => ({ on, kind: step.kind.name, does: step.outline.does })),
      times: arithmetic(plan),
    },
    secrets,
  ) as object;
}

function stepToJson({ kind, params: _, outline, undo, check, ...rest }: PlannedStep): object {
  const { does, asks, earliestMs, undo: inferred } = outline;
  const steps = typeof undo === 'string' ? [] : undo.map((step) => step.outline.does);
  return {
    ...rest,
    ...{ kind: kind.name, does, asks, earliestMs, check },
    undo: {
      choice: typeof undo === 'string' ? undo : 'steps',
      does: typeof inferred === 'object' && undo === 'auto' ? [inferred.does] : steps,
    },
  };
}

function hidden(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return hideSecrets(value, secrets);
  if (Array.isArray(value)) return value.map((one) => hidden(one, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, hidden(one, secrets)]));
}
