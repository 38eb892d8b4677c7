import type { RedisConnection } from '../../backends/redis/index.ts';
import {
  abortCutover,
  approveCutover,
  type CutoverHost,
  pauseCutover,
  unpauseCutover,
} from '../../cutover/index.ts';
import { pauseRun, resumeRun, stopRun } from '../../drain/index.ts';
import { HttpError } from '../errors.ts';
import type { Act } from './audit.ts';

/** What is said to a drain. */
export interface RunRequest {
  verb: 'pause' | 'resume' | 'stop';
}

/** What is said to a cutover. */
export interface CutoverRequest {
  verb: 'approve' | 'pause' | 'resume' | 'abort';
  step?: string;
}

const OF_RUN = { pause: pauseRun, resume: resumeRun, stop: stopRun };
const OF_CUTOVER = { pause: pauseCutover, resume: unpauseCutover, abort: abortCutover };

/** Carries it out as `qctl drain` does. */
export async function controlRun(redis: RedisConnection, { verb }: RunRequest, act: Act): Promise<void> {
  await OF_RUN[verb](redis, act.object, speakerOf(act));
}

/** Throws 400 where it does not say which step is approved: another may have come up since somebody looked. */
export function checkCutover({ verb, step }: CutoverRequest): void {
  if (verb === 'approve' && step === undefined)
    throw new HttpError(400, 'STEP_MISSING', 'approve needs the step that is approved');
}

/** Carries it out as `qctl cutover` does. */
export async function controlCutover(
  host: CutoverHost,
  { verb, step }: CutoverRequest,
  act: Act,
): Promise<void> {
  if (verb === 'approve') await approveCutover(host, act.object, step!, speakerOf(act));
  else await OF_CUTOVER[verb](host, act.object, speakerOf(act));
}

function speakerOf({ who, address, reason }: Act): { by: string; reason: string } {
  return { by: `${who}@${address}`, reason };
}
