import { randomUUID } from 'node:crypto';
import { newRunId } from '../model/run-id.ts';
import { planArrivals } from './arrivals/plan.ts';
import { openPayload } from './payload/open.ts';
import type { LoadProfile } from './profile/profile.ts';
import { planOf } from './run/plan.ts';
import type { LoadDoors, LoadPlan } from './run-types.ts';
import { openTarget } from './targets/open.ts';

/** What a profile would do. Connects and reads; makes and sends nothing. Throws as `runLoad` does before it begins. */
export async function planLoad(profile: LoadProfile, doors: LoadDoors): Promise<LoadPlan> {
  const run = newRunId('load', new Date(), randomUUID());
  const arrivals = profile.stages.length === 0 ? null : await planArrivals(profile.stages, profile.count);
  const payload = await openPayload(profile, doors);
  const target = await openTarget(profile, run, doors);
  try {
    return planOf(run, profile, target, arrivals, payload);
  } finally {
    await target.close();
  }
}
