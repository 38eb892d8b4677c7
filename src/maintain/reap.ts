import { plural } from '../model/plural.ts';
import {
  type Consumer,
  checkClaimRights,
  chooseTarget,
  isIntact,
  type ReapRequest,
  readConsumers,
  reapConsumer,
  refuseApart,
} from '../streams/index.ts';
import { orRefusal } from './claim.ts';
import { type Grouped, lookAtGroup } from './group.ts';
import { type PreparePart, type StreamLook, type StreamWork, workOf } from './stream-work.ts';

/**
 * Deletes consumers that were not seen for `reapAfter`; what is pending with one goes to another first. Where nobody is
 * there to take it, a consumer that has something stays.
 */
export const prepareReap: PreparePart = async (look) => {
  const grouped = await lookAtGroup(look);
  if (!grouped || grouped.group.consumers === 0) return undefined;
  const { stream } = look.settings;
  const { group } = grouped.group;
  const { dead, to, warning } = await chooseDead(look, grouped);
  if (dead.length === 0 && warning === null) return undefined;
  const plan = workOf('reap', stream, { group, count: dead.length, to, warning });
  return { plan, run: () => reapAll(look, requestOf(look, grouped, to), dead, plan) };
};

interface Dead {
  dead: Consumer[];
  to: string | null;
  warning: string | null;
}

async function chooseDead(
  { redis, settings, reapAfterMs: minIdleMs }: StreamLook,
  { facts: { stream }, group: { group } }: Grouped,
): Promise<Dead> {
  const consumers = await readConsumers(redis, stream, group);
  const { claimTo: configured } = settings;
  // What is not the name itself would empty and delete another consumer, or none.
  const away = ({ consumer, idleMs }: Consumer) => idleMs >= minIdleMs && isIntact(consumer);
  const dead = consumers.filter((one) => away(one) && one.consumer !== configured);
  const holding = dead.filter(({ pending }) => pending > 0);
  if (holding.length === 0) return { dead, to: null, warning: null };
  const except = dead.map(({ consumer }) => consumer);
  const choice = { stream, group, configured, minIdleMs, except, create: false };
  const target = orRefusal(() => chooseTarget(consumers, choice));
  if (typeof target !== 'string') return { dead, to: target.consumer, warning: null };
  return { dead: dead.filter(({ pending }) => pending === 0), to: null, warning: target };
}

function requestOf({ redis, settings, parts }: StreamLook, grouped: Grouped, to: string | null): ReapRequest {
  const { stream, deadLetter } = settings;
  const maxDeliveries = parts.has('deadLetter') ? settings.maxDeliveries || undefined : undefined;
  if (maxDeliveries !== undefined) refuseApart(redis, stream, deadLetter);
  return {
    ...{ stream, group: grouped.group.group, to, reason: 'max-deliveries', maxDeliveries },
    deadLetter: maxDeliveries === undefined ? stream : deadLetter,
    legacy: grouped.facts.maxDeletedId === null,
  };
}

async function reapAll(
  { redis, reapAfterMs, work }: StreamLook,
  request: ReapRequest,
  dead: readonly Consumer[],
  plan: StreamWork,
): Promise<StreamWork> {
  const done = { ...plan, count: 0 };
  if (dead.length > 0) await checkClaimRights(redis, [request], { reap: true });
  let claimed = 0;
  for (const consumer of dead) {
    if (work.signal.aborted) return { ...done, left: true };
    const report = await reapConsumer(redis, request, consumer, reapAfterMs, work);
    if (report.outcome === 'deleted') done.count += 1;
    done.removed += report.removed;
    done.left ||= report.outcome === 'stopped';
    claimed += report.claimed;
    if (claimed > 0) done.note = `${claimed} ${plural(claimed, 'pending entry')} taken over first`;
    if (report.failure) return { ...done, failure: report.failure };
  }
  return done;
}
