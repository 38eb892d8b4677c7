import { checkClaimRights, claimPending, planClaim, refuseApart } from '../streams/index.ts';
import { requestFor } from './claim.ts';
import { lookAtGroup } from './group.ts';
import { type PreparePart, workOf } from './stream-work.ts';

/** Makes dead letters of stuck entries that were delivered `maxDeliveries` times, and leaves all others where they are. */
export const prepareDeadLetter: PreparePart = async (look, count) => {
  const { redis, settings, work } = look;
  if (!settings.maxDeliveries) return undefined;
  const grouped = await lookAtGroup(look);
  if (!grouped || grouped.group.pending === 0) return undefined;
  const { maxDeliveries, deadLetter, stream } = settings;
  refuseApart(redis, stream, deadLetter);
  const request = { ...requestFor(look, grouped, ''), maxDeliveries, deadLetter, deadLettersOnly: true };
  const { facts, group } = grouped;
  const counted = await planClaim(redis, facts, group, request, null, { count, work });
  const more = { group: group.group, count: counted.deadLetter ?? 0, deadLetter };
  const plan = workOf('deadLetter', stream, more);
  return {
    plan,
    run: async () => {
      await checkClaimRights(redis, [request]);
      const { deadLettered, removed, kept, stopped, failure } = await claimPending(redis, request, work);
      const warning = kept > 0 ? `${kept} have too many fields for a script: they stay pending` : null;
      return { ...plan, count: deadLettered, removed, left: stopped, warning, failure };
    },
  };
};
