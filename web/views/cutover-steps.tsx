import type { Snapshot } from '../../src/overview/index.ts';
import { formatDuration } from '../lib/format.ts';
import { words } from '../lib/states.ts';
import { Badge, type Tone } from '../parts/value.tsx';

type Step = Snapshot['cutovers'][number]['steps'][number];

const TONES: Record<Step['state'], Tone> = {
  pending: 'plain',
  running: 'info',
  applied: 'good',
  already: 'good',
  failed: 'bad',
  unknown: 'warn',
  undoing: 'warn',
  undone: 'plain',
  undoFailed: 'bad',
};

/** The steps in their order, each with its state, its time, and what came of it. */
export function CutoverSteps({
  steps,
  inHand,
  open,
}: {
  steps: Step[];
  inHand: string | null;
  open: boolean;
}) {
  return (
    <details class="steps" open={open}>
      <summary>Steps</summary>
      <ol>
        {steps.map((step) => (
          <li
            key={step.id}
            class={`step tone-${TONES[step.state]}`}
            aria-current={step.id === inHand ? 'step' : undefined}
          >
            <span class="step-does">
              {step.does}
              <span class="dim mono"> {step.id}</span>
            </span>
            <span class="step-state">
              {step.ms !== null && <span class="dim">{formatDuration(step.ms)}</span>}
              <Badge tone={TONES[step.state]}>{words(step.state)}</Badge>
            </span>
            {step.text && <span class="step-text dim">{step.text}</span>}
          </li>
        ))}
      </ol>
    </details>
  );
}
