import { isQctlError } from '../errors.ts';
import {
  type ClaimRequest,
  type ClaimTarget,
  checkClaimRights,
  chooseTarget,
  claimPending,
  planClaim,
  readConsumers,
} from '../streams/index.ts';
import { type Grouped, lookAtGroup } from './group.ts';
import { type PreparePart, type StreamLook, type StreamWork, workOf } from './stream-work.ts';

/** Delivered longer ago than this is stuck, where `minIdle` says nothing else. */
const MIN_IDLE_MS = 300_000;

/**
 * Hands stuck entries to `claimTo`, else to the consumer that was seen most lately. Nobody being there to take them is a
 * warning: they stay where they are, and nothing is lost.
 */
export const prepareClaim: PreparePart = async (look, count) => {
  const grouped = await lookAtGroup(look);
  if (!grouped || grouped.group.pending === 0) return undefined;
  const target = await targetFor(look, grouped);
  const request = requestFor(look, grouped, typeof target === 'string' ? '' : target.consumer);
  const { group } = request;
  // Where nobody can take them it has to be known whether there are any.
  const counted = await stuck(look, grouped, request, count || typeof target === 'string');
  const plan = workOf('claim', request.stream, { group, count: counted });
  if (typeof target === 'string') {
    const left = { ...plan, count: 0, warning: counted > 0 ? target : null };
    return { plan: left, run: async () => left };
  }
  const chosen = { ...plan, to: target.consumer };
  return { plan: chosen, run: () => claim(look, request, chosen) };
};

/** What a claim of all that is stuck asks for. */
export function requestFor({ settings }: StreamLook, { facts, group }: Grouped, to: string): ClaimRequest {
  const { stream, minIdleMs = MIN_IDLE_MS } = settings;
  return {
    ...{ stream, group: group.group, to, minIdleMs, deadLetter: stream },
    ...{ reason: 'max-deliveries', legacy: facts.maxDeletedId === null },
  };
}

/** The consumer that takes over, or why nobody can. */
async function targetFor(
  { redis, settings }: StreamLook,
  { facts: { stream }, group: { group } }: Grouped,
): Promise<ClaimTarget | string> {
  const consumers = await readConsumers(redis, stream, group);
  const { claimTo: configured, minIdleMs = MIN_IDLE_MS } = settings;
  return orRefusal(() => chooseTarget(consumers, { stream, group, configured, minIdleMs, create: false }));
}

/** What is refused is no failure of maintenance: the reason. */
export function orRefusal<T>(choose: () => T): T | string {
  try {
    return choose();
  } catch (error) {
    if (isQctlError(error) && error.kind === 'refused') return error.message;
    throw error;
  }
}

/** Those that become dead letters before are not counted. */
async function stuck(
  { redis, settings, parts, work }: StreamLook,
  { facts, group }: Grouped,
  request: ClaimRequest,
  count: boolean,
): Promise<number> {
  const maxDeliveries = parts.has('deadLetter') ? settings.maxDeliveries || undefined : undefined;
  const { claim } = await planClaim(redis, facts, group, { ...request, maxDeliveries }, null, {
    count,
    work,
  });
  return claim ?? 0;
}

async function claim(
  { redis, work }: StreamLook,
  request: ClaimRequest,
  plan: StreamWork,
): Promise<StreamWork> {
  await checkClaimRights(redis, [request]);
  const { claimed, removed, stopped, failure } = await claimPending(redis, request, work);
  return { ...plan, count: claimed, removed, left: stopped, failure };
}
