import { isAway } from './ask.ts';
import { type BreakerWork, maintainBreakers } from './breakers.ts';
import { findLeftovers, type Leftover } from './leftovers.ts';
import { type MaintainEvents, type MaintainRequest, REAP_AFTER_MS } from './request.ts';
import { planScheduled, type WaitingPlan } from './scheduled.ts';
import { planStream, streamPartsOf } from './stream-parts.ts';
import type { StreamWork } from './stream-work.ts';
import { streamsToMaintain } from './streams.ts';

/** What maintenance would do. */
export interface MaintainPlan {
  scheduled: WaitingPlan[];
  breakers: BreakerWork[];
  leftovers: Leftover[];
  streams: StreamWork[];
}

/** Looks what there is to do. Changes nothing, and takes no lock. Throws what Redis answers. */
export async function planMaintenance(
  request: MaintainRequest,
  events: MaintainEvents,
): Promise<MaintainPlan> {
  const { redis, parts } = request;
  const { signal, leftOut } = events;
  return {
    scheduled: parts.has('scheduled') ? await planScheduled(request, events) : [],
    breakers: parts.has('breakers') ? await maintainBreakers({ redis, dryRun: true, signal, leftOut }) : [],
    leftovers: parts.has('leftovers') ? await findLeftovers({ redis, leftOut }) : [],
    streams: await planStreams(request, events),
  };
}

/** The part of it about streams: what is destructive. */
export async function planStreams(request: MaintainRequest, events: MaintainEvents): Promise<StreamWork[]> {
  const { redis, streams, parts, named, reapAfterMs = REAP_AFTER_MS } = request;
  if (streamPartsOf(request).length === 0) return [];
  const { signal, waiting, doing } = events;
  const plans: StreamWork[] = [];
  for (const settings of await streamsToMaintain(redis, streams, named)) {
    signal.throwIfAborted();
    doing?.(`look at ${settings.stream}`);
    const look = { redis, streams, parts, reapAfterMs, settings, work: { signal, waiting } };
    const own = await planStream(look);
    const away = own.find(({ failure }) => isAway(failure, redis));
    if (away?.failure) throw away.failure;
    plans.push(...own);
  }
  return plans;
}
