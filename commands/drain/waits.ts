import type { RunStatus } from '../../src/drain/index.ts';
import { heldText } from './format-plan.ts';

/** Why a run does not move, all of it in one clause; null where nothing holds it. */
export function waitsOf({
  paused,
  brakes,
  waits,
}: Pick<RunStatus, 'paused' | 'brakes' | 'waits'>): string | null {
  const parts = [
    ...(paused ? [`paused ${heldText(paused)}`] : []),
    ...brakes.map(({ brake, reason }) => `${brake}: ${reason}`),
    ...waits.map((wait) => `waits for ${wait}`),
  ];
  return parts.length === 0 ? null : parts.join('; ');
}
