import { randomUUID } from 'node:crypto';
import { newRunId } from '../model/run-id.ts';
import { planArrivals } from './arrivals/plan.ts';
import { openPayload } from './payload/open.ts';
import type { LoadProfile } from './profile/profile.ts';
import type { LoadResult } from './result.ts';
import { Aborter } from './run/aborter.ts';
import { LoadRun } from './run/load-run.ts';
import { Observer } from './run/observer.ts';
import { planOf } from './run/plan.ts';
import { progressOf } from './run/progress-of.ts';
import { resultOf } from './run/result-of.ts';
import type { LoadDoors, LoadOptions } from './run-types.ts';
import { openTarget } from './targets/open.ts';

/** How often progress is told, in looks of a tenth of a second. */
const LOOKS = 3;

/**
 * Carries out a load profile: sends as its schedule says, whether or not the answers come back in time, has groups
 * acknowledge it all, and takes away what it has made. A stop by the signal gives a result, too.
 *
 * @throws QctlError of the connections, of the target (`refused` TARGET_NOT_EMPTY) and of what the profile names
 */
export async function runLoad(
  profile: LoadProfile,
  doors: LoadDoors,
  options: LoadOptions,
): Promise<LoadResult> {
  const startedAt = new Date();
  const name = newRunId('load', startedAt, randomUUID());
  const arrivals = profile.stages.length === 0 ? null : await planArrivals(profile.stages, profile.count);
  const payload = await openPayload(profile, doors);
  const target = await openTarget(profile, name, doors);
  try {
    await options.onPlan?.(planOf(name, profile, target, arrivals, payload));
    options.signal.throwIfAborted();
    await target.prepare();
  } catch (error) {
    // Why it could not begin says more than what could not be taken away then.
    await target.close().catch(() => undefined);
    throw error;
  }
  const run = new LoadRun({ run: name, profile, target, payload, arrivals });
  const result = await carryOut(run, options, startedAt).catch(async (error) => {
    await target.close().catch(() => undefined);
    throw error;
  });
  // What was measured is not lost for what could not be taken away.
  await target.close().catch((error: Error) => result.reasons.push(`left behind: ${error.message}`));
  return result;
}

async function carryOut(run: LoadRun, options: LoadOptions, startedAt: Date): Promise<LoadResult> {
  let looks = 0;
  const aborter = new Aborter(run);
  const observer = new Observer(run, {
    look: () => {
      looks += 1;
      if (looks % LOOKS === 0) options.onProgress?.(progressOf(run));
    },
    second: () => {
      for (const reason of aborter.look()) observer.stopRun(reason);
    },
  });
  const stop = () => observer.stopRun(`it was stopped (${String(options.signal.reason)})`);
  options.signal.addEventListener('abort', stop, { once: true });
  try {
    await run.open();
    if (options.signal.aborted) stop();
    await run.go(observer);
    options.onProgress?.(progressOf(run));
    return resultOf(run, {
      startedAt,
      endedAt: new Date(),
      version: options.version,
      stops: observer.stops,
      aborted: aborter.reasons,
    });
  } finally {
    options.signal.removeEventListener('abort', stop);
    await run.close();
  }
}
