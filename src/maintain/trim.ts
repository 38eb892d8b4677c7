import { streamIdTimeMs } from '../model/stream-id.ts';
import {
  checkTrimRights,
  lookPatiently,
  planRetention,
  type RetentionPlan,
  type StreamFacts,
  trimAsPlanned,
} from '../streams/index.ts';
import {
  type PlannedWork,
  type PreparePart,
  type StreamLook,
  type StreamWork,
  workOf,
} from './stream-work.ts';

const EXACTLY = { force: false, approximate: false };

/** Cuts what lies beyond `maxLen` and `maxAge` of a stream, and nothing that a group has not finished. */
export const prepareTrim: PreparePart = async (look) => {
  const { redis, settings, work } = look;
  const { stream, maxLen, maxAgeMs } = settings;
  if (maxLen === undefined && maxAgeMs === undefined) return undefined;
  const facts = await lookPatiently(redis, stream, work);
  if (!facts) return undefined;
  const obstacle = obstacleTo(facts, look);
  if (obstacle !== undefined) return nothing(workOf('trim', stream, { warning: obstacle }));
  const timed = streamIdTimeMs(facts.lastGeneratedId) !== null;
  const retention = { maxLen, maxAgeMs: timed ? maxAgeMs : undefined };
  const planned = await planRetention(redis, facts, retention, work);
  const plan = workOf('trim', stream, { count: planned.cut, note: heldText(planned) });
  return planned.cut === 0 ? nothing(plan) : { plan, run: () => trim(look, planned, plan) };
};

function nothing(plan: StreamWork): PlannedWork {
  return { plan, run: async () => plan };
}

async function trim(
  { redis, work }: StreamLook,
  planned: RetentionPlan,
  plan: StreamWork,
): Promise<StreamWork> {
  await checkTrimRights(redis, [planned]);
  const { trimmed, stopped, failure } = await trimAsPlanned(redis, planned, EXACTLY, work);
  // A group that was set back meanwhile needs them now.
  const needed = failure?.code === 'TRIM_NEEDED' ? { note: failure.message } : { failure };
  return { ...plan, count: trimmed, left: stopped, ...needed };
}

/** Why nothing may be cut, as a clause, where that is not because of what a group needs. */
function obstacleTo(facts: StreamFacts, { settings }: StreamLook): string | undefined {
  const { group, maxLen, maxAgeMs } = settings;
  if (facts.length === 0 || !mayBeBeyond(facts, settings)) return undefined;
  if (group !== undefined && !facts.groups.some((one) => one.group === group))
    return `group ${group} does not exist: it has finished nothing`;
  if (maxLen === undefined && maxAgeMs !== undefined && streamIdTimeMs(facts.lastGeneratedId) === null)
    return 'its ids are no times: maxAge says nothing of them';
  return undefined;
}

function mayBeBeyond(
  { length, firstId, timeMs }: StreamFacts,
  { maxLen, maxAgeMs }: StreamLook['settings'],
): boolean {
  if (maxLen !== undefined && length > maxLen) return true;
  if (maxAgeMs === undefined || firstId === null) return false;
  return (streamIdTimeMs(firstId) ?? 0) < timeMs - maxAgeMs;
}

function heldText({ heldBy, neededFrom }: RetentionPlan): string | null {
  return heldBy === null ? null : `group ${heldBy} still needs ${neededFrom} and what follows`;
}
