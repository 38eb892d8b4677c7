import { isQctlError } from '../errors.ts';
import { type OpenDrain, openDrain } from './open.ts';
import type { DrainRequest } from './request.ts';

/**
 * Of several that are started at once, as a Job with `parallelism` does it, one begins the run. For the others their drain
 * fails with SOURCE_LOCKED: this opens the run that was begun, where the same request would share its work. Undefined where
 * the error is another one; throws what speaks against joining.
 */
export async function openBegun(
  request: DrainRequest,
  lost: OpenDrain,
  error: unknown,
  now: Date,
): Promise<OpenDrain | undefined> {
  if (lost.plan.kind !== 'new' || !isQctlError(error) || error.code !== 'SOURCE_LOCKED') return undefined;
  const begun = await openDrain(request, now);
  if (begun.plan.kind !== 'new') return begun;
  await begun.close();
  return undefined;
}
