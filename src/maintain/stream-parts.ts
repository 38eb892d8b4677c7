import { isQctlError } from '../errors.ts';
import { isAway } from './ask.ts';
import { prepareClaim } from './claim.ts';
import { prepareDeadLetter } from './dead-letter.ts';
import { prepareExpire } from './expire.ts';
import { STREAM_PARTS, type StreamPart } from './parts.ts';
import { prepareReap } from './reap.ts';
import type { MaintainRequest } from './request.ts';
import { type PreparePart, type StreamLook, type StreamWork, workOf } from './stream-work.ts';
import { prepareTrim } from './trim.ts';

const PREPARE: Record<StreamPart, PreparePart> = {
  deadLetter: prepareDeadLetter,
  claim: prepareClaim,
  reap: prepareReap,
  trim: prepareTrim,
  expire: prepareExpire,
};

/** The parts on streams that are on, in their order. */
export function streamPartsOf({ parts }: Pick<MaintainRequest, 'parts'>): StreamPart[] {
  return STREAM_PARTS.filter((part) => parts.has(part));
}

/** What each part would do to one stream. What cannot be found out is the `failure` of that part. */
export async function planStream(look: StreamLook): Promise<StreamWork[]> {
  const plans: StreamWork[] = [];
  for (const part of streamPartsOf(look)) {
    const plan = await attempt(look, part, async () => (await PREPARE[part](look, true))?.plan);
    if (plan) plans.push(plan);
    if (isAway(plan?.failure, look.redis)) break;
  }
  return plans;
}

/**
 * Does each part to one stream. What goes wrong with one is its `failure` and keeps the others not waiting, unless Redis
 * is away. Ends once the work's signal is aborted; the part that was under way says so.
 */
export async function maintainStream(
  look: StreamLook,
  doing?: (text: string) => void,
): Promise<StreamWork[]> {
  const done: StreamWork[] = [];
  for (const part of streamPartsOf(look)) {
    if (look.work.signal.aborted) {
      done.push(workOf(part, look.settings.stream, { left: true }));
      break;
    }
    doing?.(`${part} ${look.settings.stream}`);
    const work = await attempt(look, part, () => doPart(look, part));
    if (work) done.push(work);
    if (isAway(work?.failure, look.redis)) break;
  }
  return done;
}

async function doPart(look: StreamLook, part: StreamPart): Promise<StreamWork | undefined> {
  const planned = await PREPARE[part](look, false);
  // What was not counted to its end must not look as if there was nothing to do.
  if (look.work.signal.aborted) return workOf(part, look.settings.stream, { left: true });
  return planned?.run();
}

async function attempt(
  { settings, work: { signal } }: StreamLook,
  part: StreamPart,
  action: () => Promise<StreamWork | undefined>,
): Promise<StreamWork | undefined> {
  try {
    return await action();
  } catch (error) {
    if (isQctlError(error)) return workOf(part, settings.stream, { failure: error });
    // What a wait throws when the time is over.
    if (signal.aborted) return workOf(part, settings.stream, { left: true });
    throw error;
  }
}
